//! Our errors as SMPP statuses, and theirs as words.

use waxwing_core::{AuthError, ChangeError, SubmitError};
use waxwing_smpp::CommandStatus;

/// What a submitter is told.
pub(crate) fn of_submit(e: &SubmitError) -> CommandStatus {
    match e {
        SubmitError::Recipient(_) | SubmitError::NoRoute(_) => CommandStatus::ESME_RINVDSTADR,
        SubmitError::Sender(_) | SubmitError::SenderNotAllowed(_) => CommandStatus::ESME_RINVSRCADR,
        SubmitError::Throttled { .. } => CommandStatus::ESME_RTHROTTLED,
        SubmitError::Expired => CommandStatus::ESME_RINVEXPIRY,
        SubmitError::TooLong { .. } => CommandStatus::ESME_RINVMSGLEN,
        SubmitError::Busy(_) => CommandStatus::ESME_RMSGQFUL,
        SubmitError::Broken(_) => CommandStatus::ESME_RSYSERR,
        _ => CommandStatus::ESME_RSUBMITFAIL,
    }
}

/// What somebody is told who is not let in. An unknown name and a wrong password look the same.
pub(crate) fn of_auth(e: AuthError) -> CommandStatus {
    match e {
        AuthError::Unknown | AuthError::Password => CommandStatus::ESME_RINVPASWD,
        AuthError::Host | AuthError::Door => CommandStatus::ESME_RBINDFAIL,
        AuthError::Busy => CommandStatus::ESME_RTHROTTLED,
    }
}

/// What is said to a cancel_sm that fails.
pub(crate) fn of_cancel(e: &ChangeError) -> CommandStatus {
    match e {
        ChangeError::Unknown(_) => CommandStatus::ESME_RINVMSGID,
        ChangeError::TooLate(_) | ChangeError::NotDead(_) => CommandStatus::ESME_RCANCELFAIL,
        ChangeError::Spool(_) => CommandStatus::ESME_RSYSERR,
    }
}

/// What is said to a replace_sm that fails.
pub(crate) fn of_replace(e: &ChangeError) -> CommandStatus {
    match e {
        ChangeError::TooLate(_) => CommandStatus::ESME_RREPLACEFAIL,
        other => of_cancel(other),
    }
}

/// A status by its name, or its number where it has none.
pub(crate) fn name(s: CommandStatus) -> String {
    s.to_string()
}
