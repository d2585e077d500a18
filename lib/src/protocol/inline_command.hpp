#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pkv {

/// Splits a line typed by a person into a command's words.
///
/// Blanks separate words. Quotes are those of redis-cli: "..." knows \n \r \t \a \b \xHH and takes
/// any other escaped byte as itself, '...' knows only \', and behind a closing quote there must be
/// a blank or the end. Unlike Redis, a zero byte is a byte like any other.
///
/// The verbs C and U (create and update, in either case) take everything behind the key and one
/// blank as the value, verbatim, so that a sentence needs no quotes; only if all of it is one
/// quoted word is it unquoted. A blank behind the key with nothing after it means the empty value.
///
/// `line` is without its line end. The words, appended to `words`, are views into `line` or, where
/// quotes had to be resolved, into `unquoted`, whose former contents are lost.
///
/// Returns false, with `words` in any state, if a quote is not closed or not followed by a blank.
[[nodiscard]] bool split_inline_command(std::string_view line, std::vector<std::string_view>& words,
                                        std::string& unquoted);

}  // namespace pkv
