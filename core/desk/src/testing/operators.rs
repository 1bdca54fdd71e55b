//! Contract of [`Operators`].

use super::{ContractError, ensure};
use crate::ports::Operators;
use crate::{Operator, OperatorId};

/// `store` holds `operator` with `password`, and no other one.
///
/// # Errors
/// [`ContractError`], the first sentence that does not hold.
pub fn operators(store: &dyn Operators, operator: &Operator, password: &str) -> Result<(), ContractError> {
    let unknown =
        OperatorId::new("nobody-of-that-name").ok_or(ContractError::Broken("the suite's own id"))?;
    let right = store.authenticate(&operator.id, password)?;
    ensure(
        right.as_ref() == Some(operator),
        "the right password signs in, with roles and privileges",
    )?;
    let longer = alloc::format!("{password} ");
    ensure(
        store.authenticate(&operator.id, &longer)?.is_none(),
        "a wrong password does not",
    )?;
    ensure(
        store.authenticate(&operator.id, "")?.is_none(),
        "an empty password does not",
    )?;
    ensure(
        store.authenticate(&unknown, password)?.is_none(),
        "an unknown name does not",
    )?;
    ensure(
        store.operator(&operator.id)?.as_ref() == Some(operator),
        "the operator is found by id",
    )?;
    ensure(store.operator(&unknown)?.is_none(), "an unknown one is not")
}
