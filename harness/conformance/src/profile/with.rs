//! A profile with some values changed, to hold readings of a document against it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Profile;

impl Profile {
    /// This profile with these values, each under its dotted path. What it derives from its values
    /// stays as it was.
    ///
    /// # Errors
    /// There is no such path, or it cannot have this value.
    pub fn with(&self, values: &BTreeMap<String, Value>) -> Result<Profile, String> {
        let mut json = self.to_json();
        for (path, value) in values {
            let (above, last) = path
                .rsplit_once('.')
                .ok_or(format!("`{path}` is no knob"))?;
            let mut slot = &mut json;
            for part in above.split('.') {
                let fields = slot.as_object_mut();
                slot = fields
                    .and_then(|fields| fields.get_mut(part))
                    .ok_or(format!("`{path}`: there is no `{part}`"))?;
            }
            let fields = slot.as_object_mut();
            let fields = fields.ok_or(format!("`{path}`: there is nothing below `{above}`"))?;
            fields.insert(last.to_owned(), value.clone());
        }
        let mut changed: Profile =
            serde_json::from_value(json).map_err(|error| error.to_string())?;
        changed.ancestors.clone_from(&self.ancestors);
        changed.undocumented.clone_from(&self.undocumented);
        Ok(changed)
    }

    /// Has it the same values?
    pub fn is_as(&self, other: &Profile) -> bool {
        self.to_json() == other.to_json()
    }

    fn to_json(&self) -> Value {
        // Plain data with string keys: serialising it cannot fail.
        let json = serde_json::to_value(self).expect("a profile is plain data");
        let mut fields = match json {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        // An empty map is left out where it is serialised; a path may lead into it all the same.
        if let Some(Value::Object(events)) = fields.get_mut("events") {
            for event in events.values_mut().filter_map(Value::as_object_mut) {
                event
                    .entry("args")
                    .or_insert_with(|| Value::Object(Map::new()));
            }
        }
        Value::Object(fields)
    }
}
