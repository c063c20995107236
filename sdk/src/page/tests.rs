//! Answers as source systems write them, and as they should not.

use super::*;

/// Records, what leads on, and the total.
type Read = (Vec<String>, Option<String>, Option<u64>);

#[track_caller]
fn read(body: &str, records: &str, next: Option<&str>, total: Option<&str>) -> Result<Read, String> {
    let layout = PageLayout::new(records);
    let layout = next.iter().fold(layout, |layout, pointer| layout.next(pointer));
    let layout = total.iter().fold(layout, |layout, pointer| layout.total(pointer));
    let page = JsonPage::read(body.as_bytes().to_vec(), &layout).map_err(|error| error.to_string())?;
    assert_eq!((page.len(), page.is_empty()), (page.records().count(), page.records().len() == 0));
    Ok((page.records().map(str::to_owned).collect(), page.next().map(str::to_owned), page.total()))
}

#[test]
fn finds_records_cursor_and_total_wherever_they_stand() {
    let records = vec!["{\"id\": 1.10}".to_owned(), "{}".to_owned()];
    assert_eq!(read("[{\"id\": 1.10}, {}]", "", None, None), Ok((records.clone(), None, None)));
    let body = "\u{feff} {\"a\":{\"n\":\"c\\u0020d\",\"x/y\":[0,[{\"id\": 1.10},{}]]},\"total\":\"7\",\"z\":[[]]}";
    assert_eq!(read(body, "/a/x~1y/1", Some("/a/n"), Some("/total")), Ok((records, Some("c d".to_owned()), Some(7))));
}

#[test]
fn a_pointer_without_its_first_slash_is_the_one_with_it() {
    let body = "{\"data\":[{}],\"meta\":{\"next\":\"c\"}}";
    let expected = Ok((vec!["{}".to_owned()], Some("c".to_owned()), None));
    assert_eq!(read(body, "data", Some("meta/next"), None), expected);
    assert_eq!(read(body, "/data", Some("/meta/next"), None), expected);
    assert_eq!(JsonPage::single(body.as_bytes(), "meta").unwrap().get(), "{\"next\":\"c\"}");
}

#[test]
fn nothing_leads_on_from_the_last_page() {
    for end in ["null", "\"\"", "false"] {
        let body = format!("{{\"d\":[],\"n\":{end}}}");
        assert_eq!(read(&body, "/d", Some("/n"), None), Ok((vec![], None, None)), "{end}");
    }
    assert_eq!(read("{\"d\":[]}", "/d", Some("/n/m"), None), Ok((vec![], None, None)));
    let number = read("{\"d\":[],\"n\":123456789012345678901}", "/d", Some("/n"), None);
    assert_eq!(number, Ok((vec![], Some("123456789012345678901".to_owned()), None)));
    assert!(read("{\"d\":[],\"n\":{}}", "/d", Some("/n"), None).is_err());
    assert!(read("{\"d\":[],\"n\":\"\\ud800\"}", "/d", Some("/n"), None).is_err());
}

#[test]
fn null_is_an_unknown_total_and_an_empty_page() {
    for unknown in ["null", "-1", "\"\""] {
        let body = format!("{{\"d\":[],\"t\":{unknown}}}");
        assert_eq!(read(&body, "/d", None, Some("/t")), Ok((vec![], None, None)), "{unknown}");
    }
    assert_eq!(read("{\"d\":null}", "/d", None, None), Ok((vec![], None, None)));
}

#[test]
fn says_what_stands_in_the_place_of_the_records() {
    for (body, pointer, expected) in [
        ("{\"d\":{}}", "/d", "has an object at /d, where the records should be an array"),
        ("{\"d\":\"x\"}", "/d", "has text at /d, where the records should be an array"),
        ("{\"e\":[]}", "/d", "has nothing at /d, where the records should be"),
        ("7", "/d", "has nothing at /d, where the records should be"),
        ("{\"d\":[]}", "", "has an object at its top, where the records should be an array"),
        ("[{},7]", "", "has a record 1 that is not a JSON object"),
    ] {
        assert_eq!(read(body, pointer, None, None), Err(expected.to_owned()), "{body}");
    }
    assert!(read("{\"d\":[],\"t\":\"many\"}", "/d", None, Some("/t")).unwrap_err().contains("total"));
}

#[test]
fn says_where_an_answer_is_not_json() {
    assert_eq!(read("<html>secret</html>", "", None, None).unwrap_err(), "is not JSON at line 1 column 1");
    assert_eq!(read("[{\"id\":1}, {\"id\"", "", None, None).unwrap_err(), "breaks off at line 1 column 16");
    assert!(read("[] []", "", None, None).is_err());
    assert!(read("", "", None, None).unwrap_err().contains("breaks off"));
    let latin = JsonPage::read(b"[{\"a\":\"\xfc\"}]".to_vec(), &PageLayout::new("")).unwrap_err();
    assert_eq!(latin.kind(), &PageErrorKind::NotUtf8);
}

#[test]
fn hostile_nesting_is_an_error() {
    let deep = format!("{{\"d\":[],\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    // What is skipped is skipped without recursion; what is walked into has the parser's limit.
    assert_eq!(read(&deep, "/d", None, None), Ok((vec![], None, None)));
    let walked = "[".repeat(100_000);
    assert!(read(&walked, &"/0".repeat(100_000), None, None).is_err());
}

#[test]
fn finds_a_single_record() {
    assert_eq!(JsonPage::single(b" {\"id\":1} ", "").unwrap().get(), "{\"id\":1}");
    let nested = b"{\"data\":{\"id\":1}}";
    assert_eq!(JsonPage::single(nested, "/data").unwrap().get(), "{\"id\":1}");
    assert!(JsonPage::single(nested, "/record").unwrap_err().to_string().contains("at /record"));
    for wrong in [&b"[]"[..], b"", b"\xff", b"{"] {
        assert!(JsonPage::single(wrong, "").is_err());
    }
}

#[test]
fn tells_pages_apart() {
    let of = |body: &str| JsonPage::read(body.as_bytes().to_vec(), &PageLayout::new("")).unwrap().fingerprint();
    assert_eq!(of("[]"), None);
    assert_eq!(of("[{\"a\":1},{\"b\":2}]"), of("[ {\"a\":1} , {\"b\":2} ]"));
    assert_ne!(of("[{\"a\":1}]"), of("[{\"a\":1},{\"a\":1}]"));
    assert_ne!(of("[{\"a\":1}]"), of("[{\"a\":2}]"));
}

#[test]
fn shows_counts_and_no_content() {
    let page = JsonPage::read(b"[{\"a\":\"secret\"}]".to_vec(), &PageLayout::new("")).unwrap();
    assert_eq!(format!("{page:?}"), "JsonPage(1 records, 16 bytes)");
}
