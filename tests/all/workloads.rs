//! What Dayfly renders is what plain Node renders, byte for byte.

use crate::support::{App, assert_same_page, workload};

fn renders_as_in_node(test: &str, file: &str) {
    let Some(workload) = workload(test, file) else { return };
    let rendered = App::named(file, &workload.text).render(&workload.props);
    assert_same_page(file, &rendered.page(), &workload.html);
    assert!(rendered.console().is_empty(), "{:?}", rendered.console());
}

#[test]
fn a_greeting_is_the_same_as_in_node() {
    renders_as_in_node("a_greeting_is_the_same_as_in_node", "w1.js");
}

#[test]
fn a_preact_table_is_the_same_as_in_node() {
    renders_as_in_node("a_preact_table_is_the_same_as_in_node", "w2.js");
}

#[test]
fn a_react_shop_is_the_same_as_in_node() {
    renders_as_in_node("a_react_shop_is_the_same_as_in_node", "w3.js");
}

#[test]
fn a_page_of_an_asynchronous_preact_is_the_same_as_in_node() {
    renders_as_in_node("a_page_of_an_asynchronous_preact_is_the_same_as_in_node", "preact.mjs");
}

#[test]
fn a_page_of_vue_is_the_same_as_in_node() {
    renders_as_in_node("a_page_of_vue_is_the_same_as_in_node", "vue.mjs");
}

#[test]
fn a_page_of_svelte_is_the_same_as_in_node() {
    renders_as_in_node("a_page_of_svelte_is_the_same_as_in_node", "svelte.mjs");
}

#[test]
fn a_page_of_solid_is_the_same_as_in_node() {
    renders_as_in_node("a_page_of_solid_is_the_same_as_in_node", "solid.mjs");
}

#[test]
fn a_page_of_lit_is_the_same_as_in_node() {
    renders_as_in_node("a_page_of_lit_is_the_same_as_in_node", "lit.mjs");
}
