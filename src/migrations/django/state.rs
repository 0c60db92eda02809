//! The models as the history has them, and the tables they stand for.

use super::Django;
use super::fields::{Field, ModelKey, lower};
use crate::migrations::python::Value;
use crate::project::digest::by_django;

/// One model.
#[derive(Clone, Debug)]
pub struct Model<'a> {
    /// As written.
    pub name: String,
    /// `db_table`, where set.
    pub db_table: Option<String>,
    /// In order.
    pub fields: Vec<(String, Field<'a>)>,
    /// Neither `managed = False` nor a proxy.
    pub has_table: bool,
    /// `managed = False`
    pub unmanaged: bool,
    /// Of a proxy the model whose table it shows.
    pub proxy_of: Option<ModelKey>,
    /// `unique_together`
    pub unique_together: Vec<Vec<String>>,
}

impl<'a> Model<'a> {
    /// The primary key.
    pub fn key(&self) -> Option<(String, Field<'a>)> {
        self.fields.iter().find(|f| f.1.primary_key()).cloned()
    }

    /// The field of that name; Django takes names without regard to case only for models.
    pub fn field(&self, name: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|f| f.0 == name).map(|f| &f.1)
    }
}

impl<'a> Django<'a> {
    /// The table of a model.
    pub fn table(&self, key: &ModelKey) -> String {
        let key = self.concrete(key);
        match self.models.get(key).and_then(|m| m.db_table.clone()) {
            // What is quoted already stays so (`quote_name`).
            Some(t) => t.strip_prefix('"').and_then(|t| t.strip_suffix('"')).map_or_else(|| t.clone(), str::to_owned),
            None => by_django(&format!("{}_{}", key.app, key.model)),
        }
    }

    /// The model behind a proxy; a model that is none itself.
    pub fn concrete<'k>(&'k self, key: &'k ModelKey) -> &'k ModelKey {
        let mut key = key;
        // Proxies of proxies; a circle cannot run, and ends here.
        for _ in 0..10 {
            match self.models.get(key).and_then(|m| m.proxy_of.as_ref()) {
                Some(next) => key = next,
                None => break,
            }
        }
        key
    }

    /// The primary key of a model, or of the one behind a proxy.
    pub fn key_of(&self, key: &ModelKey) -> Option<(String, Field<'a>)> {
        self.models.get(self.concrete(key))?.key()
    }

    /// The model that `to=` names: `"app.Model"`, `"Model"`, `"self"`, or the user model of the settings.
    pub fn model_key(&self, to: &Value<'a>, app: &str, model: &str) -> Option<ModelKey> {
        let text = match to {
            Value::External(p) if p.as_str().ends_with("AUTH_USER_MODEL") => self.user_model.clone(),
            // A setting by which another app lets its model be replaced.
            Value::External(p) if p.as_str().contains("settings") => self.settings.get(super::fields::last(p.as_str()))?.clone(),
            Value::Unknown => self.user_model.clone(),
            v => v.constant()?,
        };
        if text == "self" {
            return Some(ModelKey { app: app.to_owned(), model: model.to_owned() });
        }
        let (app, name) = text.split_once('.').unwrap_or((app, &text));
        Some(ModelKey { app: app.to_owned(), model: lower(name) })
    }

    /// The table behind a many-to-many field, unless a model stands for it.
    pub fn through(&self, key: &ModelKey, field: &str, f: &Field<'a>) -> Option<String> {
        if f.args.keyword("through").is_some_and(|v| !matches!(v, Value::None)) {
            return None;
        }
        Some(f.args.named("db_table").unwrap_or_else(|| by_django(&format!("{}_{field}", self.table(key)))))
    }
}
