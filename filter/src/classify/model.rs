//! An ONNX model in tract.

use std::io::Cursor;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::format_err;

use super::ClassifyError;

/// A model from token ids to the values of one output.
pub struct Model {
    plan: Arc<TypedRunnableModel>,
}

impl Model {
    /// Reads an ONNX file whose only input is `input_ids`, int64 of shape
    /// `[1, sequence]` with any sequence length, and plans the computation of
    /// `output`.
    ///
    /// # Errors
    /// [`ClassifyError::File`].
    pub fn load(onnx: &[u8], output: &str) -> Result<Self, ClassifyError> {
        plan(onnx, output).map(|plan| Self { plan }).map_err(|error| ClassifyError::File {
            file: "classifier.onnx",
            message: format!("{error:#}"),
        })
    }

    /// Runs the model; the values of its output in row-major order.
    ///
    /// # Errors
    /// [`ClassifyError::Model`].
    pub fn run(&self, ids: &[u32]) -> Result<Vec<f32>, ClassifyError> {
        self.values(ids).map_err(|error| ClassifyError::Model(format!("{error:#}")))
    }

    fn values(&self, ids: &[u32]) -> TractResult<Vec<f32>> {
        let ids: Vec<i64> = ids.iter().map(|id| i64::from(*id)).collect();
        let input = Tensor::from_shape(&[1, ids.len()], &ids)?;
        let outputs = self.plan.run(tvec!(input.into_tvalue()))?;
        let output =
            outputs.into_iter().next().ok_or_else(|| format_err!("the model has no output"))?;
        let values = output.to_plain_array_view::<f32>()?;
        Ok(values.iter().copied().collect())
    }
}

fn plan(onnx: &[u8], output: &str) -> TractResult<Arc<TypedRunnableModel>> {
    let model = tract_onnx::onnx().model_for_read(&mut Cursor::new(onnx))?;
    let sequence = model.symbols.sym("sequence");
    let shape = tvec!(1.to_dim(), sequence.to_dim());
    model
        .with_input_names(["input_ids"])?
        .with_outputs_by_name([output])?
        .with_input_fact(0, InferenceFact::dt_shape(i64::datum_type(), shape))?
        .into_optimized()?
        .into_runnable()
}
