//! What the core offers, as one document.

use crate::fit::{Estimator, Status};
use crate::models::MODELS;
use serde_json::{json, Value};

/// Statuses and models with their estimators. An infinite bound is null.
pub fn document() -> Value {
    let models = MODELS.iter().map(|model| {
        let description = model.description();
        let mut value = json!(description);
        let offered = |estimator: &Estimator| description.estimators.contains(&estimator.describe().id);
        let describe = |estimator: Estimator| estimator.describe_for(description.id);
        let estimators: Vec<_> = Estimator::ALL.into_iter().filter(offered).map(describe).collect();
        value["estimators"] = json!(estimators);
        value["predicts"] = json!(model.signal().is_some());
        value
    });
    json!({
        "statuses": Status::ALL.map(Status::describe),
        "models": models.collect::<Vec<_>>(),
    })
}
