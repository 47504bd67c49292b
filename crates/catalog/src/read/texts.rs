//! Texts that are said often and kept once: names of fields, columns and shapes come back in entity after
//! entity. Must not know what a text means.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

/// The texts of one catalog while it is read.
#[derive(Default)]
pub(crate) struct Texts(RefCell<HashSet<Arc<str>>>);

impl Texts {
    /// The one copy of a text.
    pub fn one(&self, text: &str) -> Arc<str> {
        let mut known = self.0.borrow_mut();
        if let Some(found) = known.get(text) {
            return found.clone();
        }
        let made: Arc<str> = Arc::from(text);
        known.insert(made.clone());
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once() {
        let texts = Texts::default();
        let first = texts.one("company");
        assert!(Arc::ptr_eq(&first, &texts.one("company")));
        assert_eq!(&*texts.one("Company"), "Company");
    }
}
