// The one main of every Catch2 test program. Version 3 brings its own in Catch2::Catch2WithMain.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
