//! The tenants that are served where none are configured: one for each form of an app.

use crate::config::{App, Config, TenantConfig, TenantName};
use crate::routes::Route;

const EXAMPLES: [(&str, &str, &str); 4] = [
    ("hello", "hello.mjs", include_str!("../../../examples/hello.mjs")),
    ("shop", "shop.mjs", include_str!("../../../examples/shop.mjs")),
    ("badge", "badge.js", include_str!("../../../examples/badge.js")),
    ("feed", "feed.cjs", include_str!("../../../examples/feed.cjs")),
];

impl Config {
    /// Adds the built-in example tenants: hello, shop, badge and feed, each at NAME.localhost and below /NAME.
    pub fn with_examples(mut self) -> Self {
        for (name, file, text) in EXAMPLES {
            let route = |text: &str| text.parse::<Route>().expect("it is a route");
            let mut tenant = TenantConfig::new([route(&format!("{name}.localhost")), route(&format!("/{name}"))]);
            tenant.app = Some(App::Source { name: file.into(), text: text.into() });
            self.tenants.insert(name.parse::<TenantName>().expect("it is a name"), tenant);
        }
        self
    }
}
