//! What axe-core finds on a page as it stands. The script's file is named by HELP_DESK_AXE, which `cargo xtask test`
//! sets; without it the tests fail.

use std::sync::OnceLock;

use serde_json::Value;
use thirtyfour::prelude::*;

/// Level A and AA of WCAG 2.2, and what axe-core calls good practice.
const RUN: &str = "
const done = arguments[arguments.length - 1];
axe.run(document, {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  resultTypes: ['violations'],
}).then(
  found => done(found.violations.flatMap(rule => rule.nodes.map(
    node => `${rule.id}: ${rule.help}\\n  ${node.html}\\n  ${node.failureSummary}`))),
  error => done([String(error)]));
";

fn script() -> &'static str {
    static SCRIPT: OnceLock<String> = OnceLock::new();
    SCRIPT.get_or_init(|| {
        let file = std::env::var_os("HELP_DESK_AXE").expect(
            "HELP_DESK_AXE names axe-core's axe.min.js; `cargo xtask axe` gets it and says where it is",
        );
        std::fs::read_to_string(file).expect("the file that HELP_DESK_AXE names")
    })
}

/// What stands in the way of people who hear a page, see it badly or use the keyboard: a text for each.
pub async fn found(web: &WebDriver) -> Vec<String> {
    let there = web.execute("return typeof axe === 'object'", vec![]).await;
    if !there.unwrap().convert::<bool>().unwrap() {
        web.execute(script(), vec![]).await.unwrap();
    }
    let found: Value = web.execute_async(RUN, vec![]).await.unwrap().convert().unwrap();
    let found = found.as_array().expect("a list");
    found
        .iter()
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}
