#pragma once

#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <span>
#include <string>

namespace pkv::test {

/// A command in the line form, and what a server was found to answer.
struct Exchange {
  const char* command;
  const char* reply;
};

/// Sends the commands one after the other and compares the answers.
inline void check_one_by_one(Rig& rig, TestClient& client, std::span<const Exchange> recorded) {
  for (const Exchange& exchange : recorded) {
    CAPTURE(exchange.command);
    client.send(std::string(exchange.command) + "\r\n");
    rig.settle();
    CHECK(client.take() == exchange.reply);
  }
}

/// The same in one pipeline.
inline void check_in_pipeline(Rig& rig, TestClient& client, std::span<const Exchange> recorded) {
  std::string commands;
  std::string replies;
  for (const Exchange& exchange : recorded) {
    commands += std::string(exchange.command) + "\r\n";
    replies += exchange.reply;
  }
  client.send(commands);
  rig.settle();
  CHECK(client.take() == replies);
}

}  // namespace pkv::test
