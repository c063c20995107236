//! The rules, each with a code that stays.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! rules {
    ($($variant:ident $code:literal $title:literal $fix:literal)+) => {
        /// A rule that every connector should keep. The code stays the same from version to version.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = concat!("`", $code, "`: ", $title, ".")] $variant,)+
        }

        impl Rule {
            /// Every rule, in the order of the report.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code, such as `AF-Q02`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// What the rule says.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }

            /// What to do when it is broken.
            #[must_use]
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix),+ }
            }
        }
    };
}

rules! {
    Configuration "AF-C01" "The connector describes itself"
        "Answer DescribeConnectorConfiguration without reaching for settings or credentials: AppFlow sends none."
    PlausibleConfiguration "AF-C02" "The configuration is one that AppFlow registers"
        "Correct the property that is named; protocol::DescribeConnectorConfigurationResponse documents the limits."
    Locale "AF-C03" "The configuration does not depend on how the default language is asked for"
        "Answer a missing locale as en-US, and every other one at least in English."
    RequiredSettings "AF-S01" "A missing mandatory setting is refused by its name"
        "Answer isSuccess false with the key in errorsByInputField; validate_settings does so."
    GivenSettings "AF-S02" "The given settings are valid"
        "Hand the check settings that work, or correct the validation."
    GivenCredentials "AF-S03" "The given credentials are valid"
        "Hand the check credentials that work, or correct the validation."
    ListEntities "AF-E01" "There are entities to choose from"
        "List at least one entity."
    EntityIdentifiers "AF-E02" "Entity identifiers are unique, short and without white space"
        "Use each identifier once, at most 128 characters, none of them white space."
    EntityPages "AF-E03" "Pages of one list the same entities"
        "Go on behind the last entity of the page before; Catalogue::list does so."
    DescribeEntity "AF-E04" "Every listed entity can be described"
        "Answer DescribeEntity for each identifier listed, with that identifier and an entityDefinition."
    Fields "AF-E05" "Fields are unique, short, without white space and of a known type"
        "Correct the field that is named."
    PrimaryKey "AF-E06" "Primary keys can be read and are never null"
        "Declare them with FieldDefinition::primary_key."
    IncrementalField "AF-E07" "The field of incremental runs is a readable Date or DateTime that can be filtered"
        "Mark a Date or DateTime with FieldDefinition::incremental and leave it queryable."
    FilterOperators "AF-E08" "Declared filter operators have a meaning for the field's type"
        "Leave filterOperators to the type's default, or take the operator out."
    UnknownEntity "AF-E09" "An unknown entity is a declared failure"
        "Answer InvalidArgument and name the entity; do not answer an empty success."
    ForeignListToken "AF-E10" "ListEntities refuses a token that it did not give"
        "Answer InvalidArgument, so that nobody reads the list from its beginning again."
    ReadAll "AF-Q01" "Every entity can be read"
        "Look at the failure: it is what AppFlow's user would see."
    PageSize "AF-Q02" "Pages of every size hold the same records in the same order"
        "Order the records by a unique key, and go on exactly behind the last one."
    PageLimit "AF-Q03" "No page has more records than were asked for"
        "Give no more than maxResults records."
    Tokens "AF-Q04" "Tokens have at most 2048 characters and no white space, and are not empty"
        "Keep a position in the token and not data; leave it null on the last page."
    TokenAgain "AF-Q05" "A token that is used again gives the same page"
        "Keep everything in the token: AppFlow may ask a page twice."
    PagesEnd "AF-Q06" "The pages come to an end"
        "Answer the last page without a token, and no token twice."
    DeclaredFields "AF-Q07" "Records have no other fields than their definition"
        "Declare the field, or leave it out; Selection does so."
    Values "AF-Q08" "Values fit the type of their field"
        "Convert the value or declare the type that it has."
    Nulls "AF-Q09" "Fields that are never null are there"
        "Declare the field as nullable: AppFlow fails a flow that meets a null otherwise."
    UniqueKeys "AF-Q10" "No two records have the same primary key"
        "Declare every field of the key, or none."
    Projection "AF-Q11" "A selection brings the selected fields only, with the same values"
        "Honour selectedFieldNames; Selection does so."
    ForeignToken "AF-Q12" "QueryData refuses a token that it did not give"
        "Answer InvalidArgument: reading from the beginning again delivers records twice."
    TokenResized "AF-Q13" "A token goes on behind the same record with pages of another size, or is refused with InvalidArgument"
        "Keep the place of the next record in the token, and not a count of pages."
    Filters "AF-F01" "A filter is honoured exactly, or refused with InvalidArgument"
        "AppFlow does not filter again. Apply what the source system cannot; filter::Evaluator does so."
    CombinedFilters "AF-F02" "and, or and not are honoured exactly, or refused with InvalidArgument"
        "Translate the whole tree of the condition, or apply the rest with filter::Evaluator."
    LimitedFilters "AF-F03" "LIMIT is honoured, or refused with InvalidArgument"
        "Stop after Filter::limit records over all pages."
    UnknownField "AF-F04" "A filter on an unknown field is refused with InvalidArgument"
        "Check the fields of the condition against the definition; Evaluator::new does so."
    BrokenFilter "AF-F05" "A filter that cannot be read is refused with InvalidArgument"
        "Read the filter with Filter::from_request and return its error with ?, which converts it."
    IncrementalRuns "AF-F06" "Two incremental runs lose no record and read none twice"
        "Compare moments and not text, in one time zone, and take the lower bound of the window in."
    Retrieve "AF-R01" "Records are found by their ids, or RetrieveData is refused with InvalidArgument"
        "Return the records with one of the ids, complete, and no others."
    RetrieveUnknown "AF-R02" "Ids that do not exist are passed over"
        "Leave out what is not found; it is no failure."
    RetrieveByField "AF-R03" "Records are found by a field that is not the key, or that is refused with InvalidArgument"
        "Look up in idFieldName, or refuse every field but the key."
    RetrieveProjection "AF-R04" "A selection of what is looked up is honoured, or refused with InvalidArgument"
        "Honour selectedFieldNames in RetrieveData too; Selection does so."
    NoWrites "AF-W01" "A source refuses WriteData with InvalidArgument"
        "Leave Connector::write_data as it is."
    WriteResults "AF-W02" "There is one result for each record, in the order of the request"
        "Collect one WriteRecordResult per record, and build the answer with WriteDataResponse::new."
    WriteFailures "AF-W03" "A record that cannot be written fails alone"
        "Answer PartialWriteFailure with one failed result, and write the others."
    WritableEntities "AF-W04" "A destination has entities that can be written"
        "Set isWritable to true on entities that take records: AppFlow offers no others as destinations."
    EmptyWrites "AF-W05" "A write of no records succeeds"
        "Implement Connector::write_data; where there are no records, nothing can fail."
    OfferedOperations "AF-W06" "An operation that is not offered is refused with InvalidArgument"
        "Compare the operation with those in supportedWriteOperations before anything is written."
    FunctionErrors "AF-P01" "No call ends without a usable answer"
        "Return a ConnectorError for everything foreseeable, and complete answers; never panic."
    Time "AF-P02" "Every call is answered in time"
        "Give what there is before InvocationContext::remaining is over, and a token for the rest."
    Size "AF-P03" "No answer has more than 6 MB"
        "End the page before it; the escaped text counts."
    Secrets "AF-P04" "No secret is in a message"
        "Keep credentials in Secret, and never put the source system's request into an error."
    Failures "AF-P05" "Failures have a known code and a short message"
        "Use ConnectorError; a message has 1 to 1024 characters."
    Undecodable "AF-P06" "A request that cannot be read is a function error"
        "There is no schema to answer in: let the invocation fail."
    LittleTime "AF-P07" "With one second left there is still an answer"
        "Await, do not block; look at InvocationContext::remaining before each upstream call."
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
