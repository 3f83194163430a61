//! A call of the Docker Engine API as an API of ours receives it: nothing in it is interpreted yet.

/// A request to dockerd.
#[derive(Debug, Clone, Copy)]
pub struct ApiRequest<'r> {
    /// As sent.
    pub method: &'r str,
    /// The request target as sent, with version, escapes and query.
    pub uri: &'r str,
    /// Names and values.
    pub headers: &'r [(String, String)],
    /// The body.
    pub body: Body<'r>,
}

/// The body of a request.
#[derive(Debug, Clone, Copy)]
pub enum Body<'r> {
    /// The whole body. Empty where the request has none.
    Seen(&'r [u8]),
    /// The caller was not shown a body, and there may be one.
    NotShown,
}

/// A response of dockerd.
#[derive(Debug, Clone, Copy)]
pub struct ApiResponse<'r> {
    /// Absent where dockerd had not set one.
    pub status: Option<u16>,
    /// Names and values.
    pub headers: &'r [(String, String)],
    /// Absent where the response has no body, or none that was shown.
    pub body: Option<&'r [u8]>,
}
