//! What every handler sees, and the whole service as one router.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use fido_unlock::desk::log::{NoteSigner, Origin};

use crate::authorizations::Authorizations;
use crate::ceremonies::Ceremonies;
use crate::demo::VirtualKey;
use crate::desks::Desks;
use crate::door;
use crate::guesses::Guesses;
use crate::metrics::Metrics;
use crate::observe;
use crate::packages::Packages;
use crate::routes;
use crate::session::Sessions;
use crate::site::Site;
use crate::verification::Verification;

/// The longest body of a request, in bytes.
pub(crate) const LONGEST_BODY: usize = 16 * 1024;

/// What the service is made of.
pub struct AppParts {
    /// The desk, on its threads.
    pub desks: Desks,
    /// Where the pages are.
    pub site: Site,
    /// The key of "Try it", in a demonstration.
    pub key: Option<VirtualKey>,
    /// The programs that users install, where there is a folder for them.
    pub packages: Option<Packages>,
    /// Who signs checkpoints and lists of issuers.
    pub notes: Arc<MakeNoteSigner>,
}

/// Makes the signer of notes under the name of a log: the desk's checkpoint key.
pub type MakeNoteSigner = dyn Fn(Origin) -> Box<dyn NoteSigner + Send> + Send + Sync;

/// The service's state. A clone is another handle to the same.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: AppParts,
    sessions: Sessions,
    verification: Arc<Verification>,
    metrics: Metrics,
    ceremonies: Ceremonies,
    authorizations: Authorizations,
    guesses: Guesses,
}

impl App {
    /// Of its parts; nobody has signed in.
    #[must_use]
    pub fn new(parts: AppParts) -> Self {
        Self(Arc::new(Inner {
            parts,
            sessions: Sessions::default(),
            verification: Arc::default(),
            metrics: Metrics::default(),
            ceremonies: Ceremonies::default(),
            authorizations: Authorizations::default(),
            guesses: Guesses::default(),
        }))
    }

    /// The desk, on its threads.
    #[must_use]
    pub fn desks(&self) -> &Desks {
        &self.0.parts.desks
    }

    /// Where the pages are.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.0.parts.site
    }

    /// The key of "Try it", in a demonstration.
    #[must_use]
    pub fn key(&self) -> Option<&VirtualKey> {
        self.0.parts.key.as_ref()
    }

    /// The programs that users install.
    #[must_use]
    pub fn packages(&self) -> Option<&Packages> {
        self.0.parts.packages.as_ref()
    }

    /// Who signs checkpoints and lists of issuers.
    pub(crate) fn notes(&self) -> &Arc<MakeNoteSigner> {
        &self.0.parts.notes
    }

    /// The verification of the log that runs, or ran last.
    pub(crate) fn verification(&self) -> &Arc<Verification> {
        &self.0.verification
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn ceremonies(&self) -> &Ceremonies {
        &self.0.ceremonies
    }

    /// Programs that were allowed and have not fetched their token yet.
    pub(crate) fn authorizations(&self) -> &Authorizations {
        &self.0.authorizations
    }

    pub(crate) fn guesses(&self) -> &Guesses {
        &self.0.guesses
    }
}

/// The whole service: every route behind its rule, everything behind one door. Tests call it without a port.
pub fn app(state: App) -> Router {
    routes::router(&state)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn_with_state(state.clone(), door::door))
        .layer(from_fn_with_state(state.clone(), observe::observe))
        .with_state(state)
}
