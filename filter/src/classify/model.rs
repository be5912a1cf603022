//! An ONNX model in tract.

use std::io::Cursor;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::{bail, format_err};

use super::ClassifyError;

/// One input of a model: its name, and what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Ids,
    Shapes,
    Mask,
    Types,
}

/// The inputs that a model may have, all int64 of shape `[1, sequence]`.
const ROLES: [(&str, Role); 4] = [
    ("input_ids", Role::Ids),
    ("shape_ids", Role::Shapes),
    ("attention_mask", Role::Mask),
    ("token_type_ids", Role::Types),
];

/// A model from the tokens of a window to the values of its outputs.
pub struct Model {
    plan: Arc<TypedRunnableModel>,
    inputs: Vec<Role>,
}

/// The values of an output, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values.
    pub values: Vec<f32>,
}

impl Model {
    /// Reads an ONNX file and plans the computation of `outputs`; of all that
    /// the file names where `outputs` is empty. Its inputs may be `input_ids`,
    /// `attention_mask`, `token_type_ids` and the bundle's own `shape_ids`,
    /// with a sequence of any length.
    ///
    /// # Errors
    /// [`ClassifyError::File`].
    pub fn load(onnx: &[u8], outputs: &[String]) -> Result<Self, ClassifyError> {
        plan(onnx, outputs).map_err(|error| ClassifyError::File {
            file: "model.onnx",
            message: format!("{error:#}"),
        })
    }

    /// Runs the model on a window; its outputs in the order of `load`.
    ///
    /// # Errors
    /// [`ClassifyError::Model`].
    pub fn run(&self, ids: &[i64], shapes: &[i64]) -> Result<Vec<Output>, ClassifyError> {
        self.outputs(ids, shapes).map_err(|error| ClassifyError::Model(format!("{error:#}")))
    }

    fn outputs(&self, ids: &[i64], shapes: &[i64]) -> TractResult<Vec<Output>> {
        let inputs: TractResult<TVec<TValue>> = self
            .inputs
            .iter()
            .map(|role| {
                let tensor = match role {
                    Role::Ids => Tensor::from_shape(&[1, ids.len()], ids)?,
                    Role::Shapes => Tensor::from_shape(&[1, ids.len()], shapes)?,
                    Role::Mask => Tensor::from_shape(&[1, ids.len()], &vec![1_i64; ids.len()])?,
                    Role::Types => Tensor::from_shape(&[1, ids.len()], &vec![0_i64; ids.len()])?,
                };
                Ok(tensor.into_tvalue())
            })
            .collect();
        let outputs = self.plan.run(inputs?)?;
        let read = |output: TValue| {
            let values = output.to_plain_array_view::<f32>()?.iter().copied().collect();
            Ok(Output { shape: output.shape().to_vec(), values })
        };
        outputs.into_iter().map(read).collect()
    }
}

fn plan(onnx: &[u8], outputs: &[String]) -> TractResult<Model> {
    let mut model = tract_onnx::onnx().model_for_read(&mut Cursor::new(onnx))?;
    let sequence = model.symbols.sym("sequence");
    let mut inputs = Vec::new();
    for (at, outlet) in model.input_outlets()?.to_vec().into_iter().enumerate() {
        let name = model.node(outlet.node).name.clone();
        let Some((_, role)) = ROLES.iter().find(|(known, _)| *known == name) else {
            bail!("the input {name:?} is none that a text classifier has");
        };
        let shape = tvec!(1.to_dim(), sequence.to_dim());
        model.set_input_fact(at, InferenceFact::dt_shape(i64::datum_type(), shape))?;
        inputs.push(*role);
    }
    if !inputs.contains(&Role::Ids) {
        return Err(format_err!("there is no input \"input_ids\""));
    }
    if !outputs.is_empty() {
        model = model.with_outputs_by_name(outputs)?;
    }
    let plan = model.into_optimized()?.into_runnable()?;
    Ok(Model { plan, inputs })
}
