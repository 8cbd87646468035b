//! Lines without passwords: each text is replaced by one of our own, equal texts by equal ones.

use std::hash::{BuildHasher as _, RandomState};

use handfast_model::observed::Typed;
use serde_json::Value;

/// Replaces credentials.
#[derive(Default)]
pub(crate) struct Redact {
    /// A key that the process alone knows, so that a text of a file cannot be guessed and compared.
    key: RandomState,
}

impl Redact {
    /// Returns a line with its credentials replaced; `None`: it is no JSON.
    pub(crate) fn line(&self, text: &[u8]) -> Option<String> {
        let mut value: Value = serde_json::from_slice(text).ok()?;
        if let Some(credentials) = value.get_mut("args").and_then(|args| args.get_mut("credentials")) {
            let typed = serde_json::from_value::<Typed>(credentials.take()).ok();
            *credentials = typed.map_or_else(String::new, |Typed(secret)| self.replaced(secret.as_bytes())).into();
        }
        Some(value.to_string())
    }

    fn replaced(&self, secret: &[u8]) -> String {
        if secret.is_empty() || secret == b"<secret>" {
            return String::from_utf8_lossy(secret).into_owned();
        }
        format!("typed-{:016x}", self.key.hash_one(secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_passwords_stay_equal_and_none_stays() {
        let redact = Redact::default();
        let line = |typed: &str| {
            redact.line(format!(r#"{{"call":"x","args":{{"credentials":"{typed}","scheme":""}}}}"#).as_bytes()).unwrap()
        };
        assert_eq!(line("hunter2"), line("hunter2"));
        assert_ne!(line("hunter2"), line("hunter3"));
        assert!(!line("hunter2").contains("hunter2"));
        for kept in ["", "<secret>"] {
            assert!(line(kept).contains(&format!("\"credentials\":\"{kept}\"")), "{}", line(kept));
        }
        assert_eq!(redact.line(b"hunter2"), None);
    }
}
