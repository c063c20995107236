//! The same binary with another manifest: 100,000 rows of SQLite behind Datasette.

use std::collections::BTreeSet;

use appflow_tests::{Laptop, Peers, Recorder, Service, peers_or_skip, workspace};
use serde_json::Value;

const ROWS: usize = 100_000;

const MAKE_ROWS: &str = r#"
import sqlite3, sys
shop = sqlite3.connect(sys.argv[1])
shop.execute("create table orders (id integer primary key, customer text not null, status text not null,"
             " total real not null, note text, updated_at text not null)")
status = ["open", "paid", "shipped", "cancelled"]
shop.executemany("insert into orders values (?, ?, ?, ?, ?, ?)", (
    (i, f"Künde {i % 977} & Söhne", status[i % 4], (i * 37 % 100000) / 100, None if i % 3 else f"note \"{i}\"",
     f"2026-{1 + i % 12:02}-{1 + i % 28:02}T{i % 24:02}:{i % 60:02}:00Z")
    for i in range(1, int(sys.argv[2]) + 1)))
shop.commit()
"#;

/// A Datasette that serves the rows.
fn serve(laptop: &Laptop, peers: &Peers) -> Service {
    let file = laptop.folder().join("shop.db");
    let made =
        laptop.command(peers.program("python")).args(["-c", MAKE_ROWS]).arg(&file).arg(ROWS.to_string()).status();
    assert!(made.unwrap().success());
    Service::datasette(peers, &file)
}

#[test]
fn a_hundred_thousand_rows_come_exactly_once_and_filters_reach_datasette() {
    let Some(peers) = peers_or_skip("Datasette") else { return };
    let laptop = Laptop::new();
    let datasette = serve(&laptop, peers);
    let recorder = Recorder::to(datasette.address);
    let manifest = workspace().join("connector/manifests/datasette.toml");
    drop(laptop.deploy(&["--label", "datasette", "--manifest", manifest.to_str().unwrap()]).expect(0));

    let setting = format!("baseUrl={}", recorder.base_url());
    let query = |further: &[&str]| -> Value {
        let mut arguments =
            vec!["query", "orders", "--label", "datasette", "--setting", &setting, "--local", "--output", "json"];
        arguments.extend(further);
        laptop.registrar(&arguments).expect(0).json()
    };
    let ids = |document: &Value| -> Vec<u64> {
        document["records"].as_array().unwrap().iter().map(|record| record["id"].as_u64().unwrap()).collect()
    };

    drop(recorder.take());
    let all = ids(&query(&["--all", "--fields", "id,total"]));
    assert_eq!(all.len(), ROWS);
    assert!(all.iter().copied().eq(1..=ROWS as u64), "every row once, in order");
    let asked = recorder.take();
    assert!(asked.len() >= 100, "pages of at most 1,000 rows: {}", asked.len());
    assert!(asked.iter().skip(1).all(|target| target.contains("_next=")), "paged by Datasette's own token");
    assert!(asked.iter().all(|target| target.contains("_col=id") && target.contains("_col=total")), "{:?}", asked[0]);
    assert!(asked.iter().all(|target| !target.contains("_col=note")), "only what is needed is asked for");
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len(), "no page is fetched twice");

    let filter = "total > 990 and status = 'paid' and updated_at >= 2026-06-01T00:00:00Z";
    let filtered = query(&["--all", "--fields", "id,status,total", "--filter", filter]);
    let asked = recorder.take();
    for pushed in ["total__gt=990", "status__exact=paid", "updated_at__gte=2026-06-01"] {
        assert!(asked.iter().all(|target| target.contains(pushed)), "{pushed} in {asked:?}");
    }
    let expected: Vec<u64> =
        (1..=ROWS as u64).filter(|i| (i * 37 % 100_000) > 99_000 && i % 4 == 1 && 1 + i % 12 >= 6).collect();
    assert!(!expected.is_empty());
    assert_eq!(ids(&filtered), expected);
}
