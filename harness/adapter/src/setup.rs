//! What a process is told when a run begins.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use session::peer::Store;
use session::rules::{Console, Rules};
use session::words::Platform;

use crate::schema;

session::words! {
    /// Whose place a subject takes.
    Role, "role" {
        Client = "client", "a client on a device";
        Server = "server", "the server";
    }
}

/// What `hello` and `reset` carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Setup {
    /// The version of the protocol.
    pub protocol: u32,
    /// Whose place the subject takes.
    #[schemars(schema_with = "schema::role")]
    pub role: Role,
    /// The name of the device in the scenario; `server` for a server.
    pub actor: String,
    /// The profile that is played.
    pub profile: String,
    /// What the product can do.
    pub capabilities: Vec<String>,
    /// Every knob of the profile, with the scenario's console settings applied.
    #[schemars(schema_with = "schema::object")]
    pub rules: Rules,
    /// Those settings alone.
    #[schemars(schema_with = "schema::object")]
    pub console: Console,
    /// What everything random is to be drawn from, together with `actor` and `incarnation`.
    pub seed: u64,
    /// Unix milliseconds when `now` is 0.
    pub epoch: u64,
    /// How many processes this actor has had before in this run.
    pub incarnation: u32,
    /// What they stored.
    pub store: Store,
    /// What the device is (clients).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// Every app there is (servers).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<App>,
}

/// A device and the app on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Device {
    /// What it is.
    #[schemars(schema_with = "schema::platform")]
    pub platform: Platform,
    /// The app ID its app was built with.
    pub app: u32,
    /// The signature of the app, where logins are authenticated by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_sign: Option<String>,
    /// Does the app have a listener of its own?
    pub listening: bool,
    /// Who was logged in here before the run and never logged out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_user: Option<String>,
}

/// An app that the server serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct App {
    /// Its ID.
    pub app: u32,
    /// What its tickets are made with.
    pub secret: String,
    /// Its signature.
    pub app_sign: String,
}
