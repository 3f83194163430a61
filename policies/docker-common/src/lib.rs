//! What several policies for Docker know of Docker, so that a release of dockerd is read once.
//!
//! * [`capabilities`]: names of capabilities, and those that every container has
//! * [`network`]: the body of `NetworkCreate`
//! * [`request`]: parameters, and operations whose body decides what happens

pub mod capabilities;
pub mod network;
pub mod request;
