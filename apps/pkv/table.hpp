#pragma once

#include "pkv/reply.hpp"

#include <string>
#include <vector>

namespace pkv::cli {

/// Rows with aligned columns. Numbers end where their column does, everything else begins there.
[[nodiscard]] std::string aligned(const std::vector<std::vector<std::string>>& rows);

/// An array of field-value arrays as a table with aligned columns, one row for each, fields on top.
/// Anything else as to_text() shows it. Ends with a line end.
[[nodiscard]] std::string table_of(const Reply& records);

/// One field-value array, a field a line. Anything else as to_text() shows it. Ends with a line
/// end.
[[nodiscard]] std::string fields_of(const Reply& record);

/// A text of many lines, with the line ends that programs here use. Anything else as to_text()
/// shows it. Ends with a line end.
[[nodiscard]] std::string report_of(const Reply& report);

}  // namespace pkv::cli
