//! Salesforce's manifest against a server that behaves as Salesforce's public pages say.

use appflow_tests::{Api, Service};
use serde_json::{Value, json};

fn connect(service: &Service) -> Api {
    let setting = format!("instanceUrl={}", service.base_url());
    Api::connect("salesforce", &setting, &json!({"accessToken": Service::SALESFORCE_TOKEN}))
}

/// What the service was asked since the log was last emptied: method, path, parameters and headers.
fn log(service: &Service) -> Vec<Value> {
    let (_, log) = service.request("GET /_control/log", &[], "");
    let log = log.as_array().cloned().or_else(|| log["requests"].as_array().cloned());
    log.unwrap_or_else(|| panic!("the service keeps a log"))
}

fn control(service: &Service, order: &Value) {
    let (head, said) = service.request("POST /_control", &[], &order.to_string());
    assert!(head.starts_with("HTTP/1.1 200"), "{head} {said}");
}

#[test]
fn objects_describe_themselves_and_every_record_comes_once() {
    let service = Service::salesforce(4_500, &[]);
    let api = connect(&service);

    let entities = api.ask(&["entities"]).expect(0).json();
    let names: Vec<_> =
        entities["entities"].as_array().unwrap().iter().map(|e| e["entityIdentifier"].clone()).collect();
    assert_eq!(names, ["Account", "Contact", "Opportunity", "Acme_Order__c", "Wide__c"], "what can be queried, only");
    let account = api.definition("Account");
    let field = |name: &str| account.field(name).unwrap_or_else(|| panic!("no {name}"));
    assert_eq!(field("Id").is_primary_key, Some(true));
    assert!(field("SystemModstamp").is_incremental() && !field("Founded__c").is_incremental());
    assert!(!field("Description").is_queryable(), "a long text cannot be filtered by");
    assert_eq!(field("CreatedDate").write_properties.as_ref().unwrap().is_creatable, Some(false));

    control(&service, &json!({"reset": true}));
    let all = api.query("Account", &["--fields", "Id,Name"]);
    let mut ids: Vec<_> = all.iter().map(|record| record["Id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 4_500);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4_500, "no record twice");
    assert!(all.iter().all(|record| record.as_object().unwrap().len() == 2), "no attributes, no other field");
    let asked: Vec<_> =
        log(&service).into_iter().filter(|request| request["path"].as_str().unwrap().contains("/query")).collect();
    let first = asked[0].to_string();
    assert!(first.contains("SELECT%20Id%2CName%20FROM%20Account"), "{first}");
    assert!(first.contains("batchSize="), "{first}");
    let locators = asked.iter().filter(|request| request["path"].as_str().unwrap().contains("/query/")).count();
    assert!(locators >= 2, "the rest is reached by Salesforce's own links: {asked:?}");
}

#[test]
fn filters_mean_what_they_say() {
    let service = Service::salesforce(300, &[]);
    let api = connect(&service);
    let filters = [
        "AnnualRevenue > 1000000 and Active__c = true",
        "AnnualRevenue between 1000 and 50000000",
        "not (AnnualRevenue > 1000000)",
        "NumberOfEmployees >= 10.5",
        "NumberOfEmployees != 5",
        "NumberOfEmployees = null",
        "not NumberOfEmployees = null and Founded__c < 1970-01-01",
        "Founded__c = null or Active__c = false",
        "Name contains 'a'",
        "Name contains '%'",
        "Name contains '_'",
        r"Name contains '\\'",
        "Name = 'acme'",
        "Name in ('acme', 'ACME', 'tab here')",
        r#"Name contains '"'"#,
        r#"Name contains "'""#,
        "Name != 'acme'",
        "Last_Visit__c >= 2020-01-01T00:00:00Z and Last_Visit__c < 2026-01-01T00:00:00.5Z",
        "SystemModstamp > 2026-01-01T06:04:04Z",
        "(Active__c = true and NumberOfEmployees > 100) or Founded__c > 2000-01-01",
        "Id = '001Dn000000005yIAA'",
        "Id = '001Dn000000005y'",
        "Id = 'x'",
        "Interests__c contains 'a'",
        "BillingCity = 'Köln' or BillingCity = null",
        "Discount__c <= 12.5 and not Discount__c = 0",
    ];
    assert_eq!(api.misunderstood("Account", &filters), Vec::<String>::new());
}

#[test]
fn records_are_written_two_hundred_at_a_time_and_each_has_its_result() {
    let service = Service::salesforce(10, &[]);
    let api = connect(&service);
    control(&service, &json!({"reset": true}));

    let mut records: Vec<_> =
        (1..=450).map(|index| json!({"Name": format!("New \"{index}\" ü"), "AnnualRevenue": index})).collect();
    records[300] = json!({"Name": "x".repeat(300)});
    let written = api.write("Account", "insert", &records, &[]).expect(4).json();
    let results = written["results"].as_array().unwrap();
    assert_eq!(results.len(), 450);
    for (index, result) in results.iter().enumerate() {
        let is_long = index == 300;
        assert_eq!(result["status"] == "failed", is_long, "{index}: {result}");
        assert_eq!(result["recordId"].as_str().is_some_and(|id| id.starts_with("001")), !is_long, "{index}: {result}");
    }
    let told = results[300]["message"].as_str().unwrap();
    assert!(told.contains("STRING_TOO_LONG") || told.contains("255"), "{told}");
    let posts = log(&service).into_iter().filter(|request| request["method"] == "POST").count();
    assert_eq!(posts, 3, "200, 200 and 50");

    let found = api.query("Account", &["--fields", "Id,Name,AnnualRevenue", "--filter", "Name contains 'New '"]);
    assert_eq!(found.len(), 449);
    let id = found[0]["Id"].as_str().unwrap();
    let update = [json!({"Id": id, "AnnualRevenue": 7.25}), json!({"Id": "001000000000000AAA", "AnnualRevenue": 1})];
    let updated = api.write("Account", "update", &update, &[]).expect(4).json();
    assert_eq!(updated["results"][0]["status"], "written", "{updated}");
    assert_eq!(updated["results"][1]["status"], "failed", "{updated}");

    let order = json!({"Order_Number__c": "ON-'77\"", "Name": "an order"});
    let upsert = |expected: i32| {
        let known = api.definition("Acme_Order__c");
        let mut record = order.clone();
        record.as_object_mut().unwrap().retain(|name, _| {
            known.field(name).is_some_and(|field| {
                field.write_properties.as_ref().is_some_and(|write| write.is_creatable == Some(true))
            })
        });
        api.write("Acme_Order__c", "upsert", &[record], &["--id-fields", "Order_Number__c"]).expect(expected).json()
    };
    let (made, changed) = (upsert(0), upsert(0));
    assert_eq!(made["results"][0]["recordId"], changed["results"][0]["recordId"], "the second changes the first");

    let all_or_none = [json!({"Name": "one"}), json!({"Name": "y".repeat(300)})];
    let refused = api.write("Account", "insert", &all_or_none, &["--all-or-none"]).expect(4).json();
    assert!(refused["results"].as_array().unwrap().iter().all(|result| result["status"] == "failed"), "{refused}");
    assert!(api.query("Account", &["--fields", "Id", "--filter", "Name = 'one'"]).is_empty());

    let deleted = api.write("Account", "delete", &[json!({"Id": id})], &[]).expect(0).json();
    assert_eq!(deleted["written"], 1);
    assert!(api.query("Account", &["--fields", "Id", "--filter", &format!("Id = '{id}'")]).is_empty());
}

#[test]
fn failures_say_what_salesforce_says() {
    let service = Service::salesforce(10, &[]);
    let api = connect(&service);
    for (fault, code) in [
        (
            json!({"path": "/query", "status": 403, "errorCode": "REQUEST_LIMIT_EXCEEDED", "times": 50}),
            "RateLimitExceeded",
        ),
        (
            json!({"path": "/query", "status": 401, "errorCode": "INVALID_SESSION_ID", "times": 50}),
            "InvalidCredentials",
        ),
        (json!({"path": "/query", "status": 400, "errorCode": "QUERY_TIMEOUT", "times": 50}), "RequestTimeout"),
        (json!({"path": "/query", "status": 403, "errorCode": "INSUFFICIENT_ACCESS", "times": 50}), "AccessDenied"),
    ] {
        control(&service, &json!({"reset": true}));
        control(&service, &json!({"fail": fault}));
        let failed = api.ask(&["query", "Account"]);
        assert_ne!(failed.code, Some(0));
        assert!(failed.stderr.contains(code), "{code}: {}", failed.stderr);
    }
    control(&service, &json!({"reset": true}));
    let unknown = api.ask(&["query", "Acount"]);
    assert!(unknown.stderr.contains("Account"), "the nearest right name: {}", unknown.stderr);
}

/// Requests as AppFlow sends them to AWS's own example connector: the same settings, the same version of the API.
#[test]
fn takes_the_requests_of_the_official_example() {
    let service = Service::salesforce(30, &[]);
    let api = connect(&service);

    let context = json!({
        "apiVersion": "v51.0",
        "connectorRuntimeSettings": {"instanceUrl": service.base_url(), "is_sandbox_account": "false"},
        "credentials": {"secretArn": secret_arn(&api), "authenticationType": "OAuth2"},
        "entityDefinition": null,
        "connectorProfileLabel": "example"
    });
    let ask = |request: Value| -> Value {
        let file = api.laptop().folder().join("request.json");
        std::fs::write(&file, request.to_string()).unwrap();
        api.ask(&["invoke", file.to_str().unwrap()]).expect(0).json()
    };
    let listed = ask(
        json!({"type": "ListEntitiesRequest", "entitiesPath": null, "maxResult": 100, "nextToken": null, "connectorContext": context}),
    );
    assert_eq!(
        (listed["isSuccess"].as_bool(), listed["entities"][0]["entityIdentifier"].as_str()),
        (Some(true), Some("Account"))
    );
    let described =
        ask(json!({"type": "DescribeEntityRequest", "entityIdentifier": "Account", "connectorContext": context}));
    assert_eq!(described["isSuccess"], true, "{described}");
    let page = ask(json!({
        "type": "QueryDataRequest", "entityIdentifier": "Account", "connectorContext": context,
        "selectedFieldNames": ["Id", "Name", "AnnualRevenue"],
        "filterExpression": "NumberOfEmployees >= 1 and AnnualRevenue > 0", "nextToken": null, "maxResults": 1000
    }));
    let records = page["records"].as_array().unwrap_or_else(|| panic!("{page}"));
    assert!(!records.is_empty());
    let first: Value = serde_json::from_str(records[0].as_str().unwrap()).unwrap();
    let found = ask(json!({
        "type": "RetrieveDataRequest", "entityIdentifier": "Account", "connectorContext": context,
        "selectedFieldNames": ["Id", "Name"], "idFieldName": "Id",
        "ids": records.iter().map(|record| serde_json::from_str::<Value>(record.as_str().unwrap()).unwrap()["Id"].clone()).collect::<Value>()
    }));
    assert_eq!(found["records"].as_array().unwrap_or_else(|| panic!("{found}")).len(), records.len());
    assert!(found["records"][0].as_str().unwrap().contains(first["Id"].as_str().unwrap()));
    let written = ask(json!({
        "type": "WriteDataRequest", "entityIdentifier": "Account", "connectorContext": context, "operation": "INSERT",
        "idFieldNames": [], "allOrNone": false, "records": ["{\"Name\":\"a\"}", "{\"Name\":\"b\"}"]
    }));
    assert_eq!(written["isSuccess"], true, "{written}");
    assert_eq!(written["writeRecordResults"].as_array().unwrap().len(), 2);
}

/// The secret of the connection, as the local AWS keeps it.
fn secret_arn(api: &Api) -> String {
    let state = std::fs::read_to_string(api.laptop().folder().join("state/appflow.json")).unwrap();
    let start = state.find("arn:aws:secretsmanager").unwrap_or_else(|| panic!("no secret in {state}"));
    state[start..].split('"').next().unwrap().to_owned()
}
