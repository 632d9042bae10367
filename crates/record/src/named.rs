//! Named values in the order in which they were given.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Values by name, in their order: a JSON map of name to number, null where there is no finite one (JSON has none).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Named(pub Vec<(String, Option<f64>)>);

impl Named {
    /// The value of `name`; `None` where it has none or is not there.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .and_then(|(_, value)| *value)
    }

    /// Values by index, named by its decimal digits.
    pub fn by_index(values: impl IntoIterator<Item = (usize, f64)>) -> Self {
        values
            .into_iter()
            .map(|(index, value)| (index.to_string(), value))
            .collect()
    }
}

impl<N: Into<String>> FromIterator<(N, f64)> for Named {
    fn from_iter<I: IntoIterator<Item = (N, f64)>>(values: I) -> Self {
        values
            .into_iter()
            .map(|(name, value)| (name, Some(value)))
            .collect()
    }
}

impl<N: Into<String>> FromIterator<(N, Option<f64>)> for Named {
    fn from_iter<I: IntoIterator<Item = (N, Option<f64>)>>(values: I) -> Self {
        Self(
            values
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }
}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Named;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of names to numbers or null")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
                let mut values = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    values.push(entry);
                }
                Ok(Named(values))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_order_and_what_is_not_finite_becomes_null() {
        let named: Named = [("tau", 45.92), ("mu1", f64::NAN), ("a", f64::INFINITY)]
            .into_iter()
            .collect();
        let text = serde_json::to_string(&named).expect("a map");
        assert_eq!(text, r#"{"tau":45.92,"mu1":null,"a":null}"#);
        let read: Named = serde_json::from_str(&text).expect("a map");
        let expected: Named = [("tau", Some(45.92)), ("mu1", None), ("a", None)]
            .into_iter()
            .collect();
        assert_eq!(read, expected);
        assert_eq!(read.get("tau"), Some(45.92));
        assert_eq!(read.get("mu1"), None);
        assert_eq!(read.get("mu2"), None);
    }

    #[test]
    fn indices_stay_in_the_order_of_numbers() {
        let named = Named::by_index((8..12).map(|s| (s, 0.25)));
        let text = serde_json::to_string(&named).expect("a map");
        assert_eq!(text, r#"{"8":0.25,"9":0.25,"10":0.25,"11":0.25}"#);
    }
}
