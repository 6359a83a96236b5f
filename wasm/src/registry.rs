//! What the core offers, as one document.

use crate::fit::{Estimator, Status};
use crate::models::MODELS;
use serde_json::{json, Value};

/// Statuses and models with their estimators, the default first. An infinite bound is null.
pub fn document() -> Value {
    let models = MODELS.iter().map(|model| {
        let description = model.description();
        let mut value = json!(description);
        let describe = |id: &&str| {
            let estimator = Estimator::ALL.into_iter().find(|estimator| estimator.describe().id == *id);
            estimator.map(|estimator| estimator.describe_for(description.id))
        };
        let estimators: Vec<_> = description.estimators.iter().filter_map(describe).collect();
        value["estimators"] = json!(estimators);
        value["predicts"] = json!(model.signal().is_some());
        value
    });
    json!({
        "statuses": Status::ALL.map(Status::describe),
        "models": models.collect::<Vec<_>>(),
    })
}
