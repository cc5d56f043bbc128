//! The dashboard for Grafana asks for figures that the server has, in a language that Prometheus speaks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::metrics::asked;
use crate::tools;

/// What Grafana puts in before it asks.
const VARIABLES: [(&str, &str); 2] = [("$__rate_interval", "5m"), ("$__range", "1h")];

/// All that it asks Prometheus for.
fn expressions() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/grafana/dayfly.json");
    let dashboard: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let mut found = Vec::new();
    collect(&dashboard, &mut found);
    let lists = dashboard["templating"]["list"].as_array().unwrap().iter();
    let queries = lists.filter(|list| list["type"] == "query").map(|list| list["query"].as_str().unwrap());
    // `label_values(METRIC, LABEL)` is Grafana's own: the metric is a question by itself.
    found.extend(queries.map(|query| {
        let (metric, _) = query.strip_prefix("label_values(").unwrap().rsplit_once(',').unwrap();
        metric.to_owned()
    }));
    VARIABLES
        .iter()
        .fold(found, |found, (name, value)| found.iter().map(|expression| expression.replace(name, value)).collect())
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("expr").map(|expression| expression.as_str().unwrap().to_owned()));
            fields.values().for_each(|value| collect(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => (),
    }
}

/// The samples that an expression asks for, each with the labels that it chooses by.
fn asked_for(expression: &str) -> Vec<(String, BTreeSet<String>)> {
    let is_in_a_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut rest = expression;
    let mut found = Vec::new();
    while let Some(start) = ["dayfly_", "process_"].iter().filter_map(|prefix| rest.find(prefix)).min() {
        rest = &rest[start..];
        let end = rest.find(|character| !is_in_a_name(character)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let chosen = after.strip_prefix('{').map_or("", |after| after.split('}').next().unwrap());
        let label = |choice: &str| choice.split(|character| !is_in_a_name(character)).next().unwrap().to_owned();
        found.push((name.to_owned(), chosen.split(',').map(label).filter(|label| !label.is_empty()).collect()));
        rest = after;
    }
    found
}

#[test]
fn what_an_expression_asks_for_is_found() {
    let found = asked_for(r#"sum(rate(dayfly_a_total{tenant=~"x",outcome!="ok"}[5m])) / process_b"#);
    let labels = |labels: &[&str]| labels.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(found, [("dayfly_a_total".into(), labels(&["tenant", "outcome"])), ("process_b".into(), labels(&[]))]);
}

/// The server's samples, each with its labels and the one that Prometheus gives it.
fn exported(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut samples = BTreeMap::<String, BTreeSet<String>>::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, rest) = line.split_at(line.find(['{', ' ']).unwrap());
        let labels = samples.entry(name.to_owned()).or_insert_with(|| BTreeSet::from(["instance".to_owned()]));
        let texts = rest.strip_prefix('{').map_or("", |rest| rest.split('}').next().unwrap());
        labels.extend(texts.split(',').filter_map(|label| Some(label.split_once('=')?.0.to_owned())));
    }
    samples
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_figure_that_grafana_asks_for_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let server = asked(folder.path(), |_| ()).await;
    let exported = exported(&server.metrics.encode_text());
    let expressions = expressions();
    assert!(expressions.len() > 30, "they are found: {expressions:#?}");
    for expression in &expressions {
        let asked_for = asked_for(expression);
        assert!(
            !asked_for.is_empty() || expression.contains("ALERTS{"),
            "it asks for nothing of the server: {expression}"
        );
        for (name, labels) in asked_for {
            let has = exported.get(&name).unwrap_or_else(|| panic!("there is no {name}: {expression}"));
            assert!(labels.is_subset(has), "{name} has the labels {has:?}: {expression}");
        }
    }
}

#[test]
fn prometheus_understands_what_grafana_asks() {
    let Some(promtool) = tools::promtool("prometheus_understands_what_grafana_asks") else { return };
    let rule = |(number, expr): (usize, String)| json!({ "record": format!("grafana:{number}"), "expr": expr });
    let rules: Vec<_> = expressions().into_iter().enumerate().map(rule).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yml");
    // JSON is YAML too.
    let text = json!({ "groups": [{ "name": "grafana", "rules": rules }] }).to_string();
    fs::write(&file, &text).unwrap();
    let checked = tools::run(Command::new(&promtool).args(["check", "rules"]).arg(&file), "");
    assert!(checked.contains(&format!("{} rules found", rules.len())), "{checked}");
    fs::write(&file, text.replacen("sum(", "summ(", 1)).unwrap();
    let checked = Command::new(&promtool).args(["check", "rules"]).arg(&file).output().unwrap();
    assert!(!checked.status.success(), "a mistake is found");
}
