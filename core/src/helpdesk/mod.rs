//! The operator's side: from a licence to a Response Code, in the order of docs/protocol.md, "The
//! operator's side".
//!
//! [`HelpDesk`] joins the ports: licence → operator's privilege → device → verified caller →
//! challenge → reason, channel, approval, limits → record on disk → signer → record on disk → code →
//! done or abandoned. Only core makes the [`Authorised`] that a
//! [`ResponseSigner`](crate::ports::ResponseSigner) takes, and only the audit log's
//! [`Receipt`](audit::Receipt) opens the code that comes back.

pub mod audit;

mod approval;
mod authorised;
mod caller;
mod challenge_check;
mod desk;
mod ids;
mod limits;
mod operator;
mod policy;
mod refusal;
mod registry;
mod signer;
mod state;

pub use approval::{Approval, ApprovalTask, BegunApproval};
pub use authorised::{Authorised, SealedCode};
pub use caller::{
    BegunVerification, OperatorStatement, VerificationMethod, VerificationTask, VerifiedCaller, Vouched,
};
pub use desk::{Delivery, DeskPorts, Found, GivenCode, HelpDesk, KeyEvent, NewDevice, RequestView};
pub use ids::{LONGEST_ID, OperatorId, RequestId, UnixTime, UserId};
pub use limits::{LimitBook, LimitKind, LimitOutcome, LimitRecord, LimitRule, LimitRules};
pub use operator::{Operator, OperatorSession, Privilege, Role};
pub use policy::{AcceptedMethod, DeskPolicy};
pub use refusal::DeskError;
pub use registry::{Channel, ChannelKind, DeviceKeys, RegisteredDevice, User, UserClass};
pub use signer::{KeptKey, KeyRing, NoAdminKeys, SoftwareSigner};
pub use state::{Alarm, OpenCode, Outcome};
