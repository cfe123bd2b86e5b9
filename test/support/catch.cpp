// The header that all test programs begin with, compiled once: its precompiled form is theirs, too.
#include "support/catch.hpp"
