//! The same binary with another manifest: 100,000 rows of SQLite behind Datasette.

use std::collections::BTreeSet;

use appflow_tests::{Api, Laptop, Peers, Relay, Service, peers_or_skip, workspace};
use serde_json::{Value, json};

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

/// What was asked for since the last call.
fn targets(relay: &Relay) -> Vec<String> {
    relay.take().into_iter().map(|call| call.target).collect()
}

#[test]
fn a_hundred_thousand_rows_come_exactly_once_and_filters_reach_datasette() {
    let Some(peers) = peers_or_skip("Datasette") else { return };
    let laptop = Laptop::new();
    let datasette = serve(&laptop, peers);
    let relay = Relay::to(datasette.address);
    let manifest = workspace().join("connector/manifests/datasette.toml");
    drop(laptop.deploy(&["--label", "datasette", "--manifest", manifest.to_str().unwrap()]).expect(0));

    let setting = format!("baseUrl={}", relay.base_url());
    let query = |further: &[&str]| -> Value {
        let mut arguments =
            vec!["query", "orders", "--label", "datasette", "--setting", &setting, "--local", "--output", "json"];
        arguments.extend(further);
        laptop.registrar(&arguments).expect(0).json()
    };
    let ids = |document: &Value| -> Vec<u64> {
        document["records"].as_array().unwrap().iter().map(|record| record["id"].as_u64().unwrap()).collect()
    };

    drop(relay.take());
    let all = ids(&query(&["--all", "--fields", "id,total"]));
    assert_eq!(all.len(), ROWS);
    assert!(all.iter().copied().eq(1..=ROWS as u64), "every row once, in order");
    let asked = targets(&relay);
    assert!(asked.len() >= 100, "pages of at most 1,000 rows: {}", asked.len());
    assert!(asked.iter().skip(1).all(|target| target.contains("_next=")), "paged by Datasette's own token");
    assert!(asked.iter().all(|target| target.contains("_col=id") && target.contains("_col=total")), "{:?}", asked[0]);
    assert!(asked.iter().all(|target| !target.contains("_col=note")), "only what is needed is asked for");
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len(), "no page is fetched twice");

    let filter = "total > 990 and status = 'paid' and updated_at >= 2026-06-01T00:00:00Z";
    let filtered = query(&["--all", "--fields", "id,status,total", "--filter", filter]);
    let asked = targets(&relay);
    for pushed in ["total__gt=990", "status__exact=paid", "updated_at__gte=2026-06-01"] {
        assert!(asked.iter().all(|target| target.contains(pushed)), "{pushed} in {asked:?}");
    }
    let expected: Vec<u64> =
        (1..=ROWS as u64).filter(|i| (i * 37 % 100_000) > 99_000 && i % 4 == 1 && 1 + i % 12 >= 6).collect();
    assert!(!expected.is_empty());
    assert_eq!(ids(&filtered), expected);
}

#[test]
fn rows_are_written_where_datasette_has_a_way_to() {
    let laptop = Laptop::new();
    let file = laptop.folder().join("shop.db");
    let Some(peers) = peers_or_skip("Datasette") else { return };
    let made = laptop.command(peers.program("python")).args(["-c", MAKE_ROWS]).arg(&file).arg("10").status();
    assert!(made.unwrap().success());
    let Some((service, token)) = Service::writable_datasette("Datasette's write API", &file) else { return };
    let api = Api::connect("datasette", &format!("baseUrl={}", service.base_url()), &json!({"token": token}));

    let row = |id: u64, status: &str| json!({"id": id, "customer": "K\"ü\"", "status": status, "total": 1.25, "note": null, "updated_at": "2026-01-01T00:00:00Z"});
    let rows: Vec<_> = (1_000..1_250).map(|id| row(id, "open")).collect();
    let written = api.write("orders", "insert", &rows, &[]).expect(0).json();
    assert_eq!(written["written"], 250, "three requests of at most 100 rows");
    // The first hundred hold a row that is there: Datasette refuses them all, and what is right is sent by itself.
    let mut again: Vec<_> = (2_000..2_150).map(|id| row(id, "open")).collect();
    again[7] = row(1_000, "open");
    let partly = api.write("orders", "insert", &again, &[]).expect(4).json();
    assert_eq!((&partly["written"], &partly["failed"]), (&json!(149), &json!(1)), "{partly}");
    assert!(partly["results"][7]["message"].as_str().unwrap().contains("UNIQUE constraint failed"), "{partly}");

    drop(api.write("orders", "upsert", &[row(1_000, "paid"), row(3_000, "paid")], &[]).expect(0));
    drop(api.write("orders", "update", &[json!({"id": 1_001, "status": "paid"})], &[]).expect(0));
    drop(api.write("orders", "delete", &[json!({"id": 1_002}), json!({"id": 77_777})], &[]).expect(0));
    let paid = api.query("orders", &["--fields", "id,status", "--filter", "status = 'paid' and id >= 1000"]);
    assert_eq!(paid.iter().map(|row| row["id"].as_u64().unwrap()).collect::<Vec<_>>(), [1_000, 1_001, 3_000]);
    assert!(api.query("orders", &["--fields", "id", "--filter", "id = 1002"]).is_empty());
}
