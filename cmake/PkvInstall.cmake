# Filled in below: install rules for headers, archives, CMake package and pkg-config files.
