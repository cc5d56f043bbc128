//! `dayfly bench density`.

use super::Dayfly;

#[test]
fn many_tenants_are_loaded_and_each_gets_its_own_page() {
    let said = Dayfly::new("density").run(&["bench", "density", "--tenants", "40", "--rounds", "2", "--json"]);
    assert_eq!(said.code, 0, "{said:#?}");
    let report = said.json();
    let number = |name: &str| report[name].as_f64().unwrap_or_else(|| panic!("{name}: {report:#}"));
    assert_eq!((number("tenants"), number("loaded"), number("loads")), (40.0, 40.0, 40.0), "{report:#}");
    assert!(number("rss_bytes") > 0.0 && number("mappings") > 0.0 && number("open_files") > 0.0, "{report:#}");
    for renders in ["one", "all"] {
        let [p50, p99] = ["p50_us", "p99_us"].map(|name| report[renders][name].as_f64().unwrap());
        assert!(p50 > 0.0 && p50 <= p99, "{report:#}");
    }
    assert!(report["reset"].as_str().unwrap().starts_with("slots are reset "), "{report:#}");
}

#[test]
fn tenants_beyond_the_budget_come_back_on_demand() {
    let folder = Dayfly::new("density_budget");
    let said = folder.run(&["bench", "density", "--tenants", "30", "--rounds", "2", "--budget", "100KiB", "--json"]);
    assert_eq!(said.code, 0, "{said:#?}");
    let report = said.json();
    let (loaded, loads) = (report["loaded"].as_u64().unwrap(), report["loads"].as_u64().unwrap());
    assert!(loaded < 30 && loads > 30, "{report:#}");
    assert!(report["heap_bytes"].as_u64().unwrap() <= 100 << 10, "{report:#}");
}

#[test]
fn density_reads_as_a_table() {
    let said = Dayfly::new("density_table").run(&["bench", "density", "--tenants", "5", "--rounds", "1"]);
    assert_eq!(said.code, 0, "{said:#?}");
    for row in [
        "5 tenants; slots are reset",
        "load, all",
        "RSS",
        "a tenant, shared",
        "a tenant, private",
        "all / one",
        "open files",
        "mappings",
    ] {
        assert!(said.out.contains(row), "{row}: {said:#?}");
    }
}
