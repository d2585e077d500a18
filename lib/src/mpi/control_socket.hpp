#pragma once

namespace pkv::mpi {

/// Sets a TCP socket, of either end of a control connection, up for short lines that must arrive
/// soon or not at all. Without effect where the system does not know an option.
///
/// A line is sent at once. What was lost is sent again after 200 ms each time, not after pauses
/// that double: when the network is back after a moment, so are the beats, before their absence
/// counts as a loss. And a peer that nothing can be heard of for some seconds, also if there was
/// nothing to say to it, ends the connection: both ends then know that it is cut.
void prepare_control_socket(int socket) noexcept;

}  // namespace pkv::mpi
