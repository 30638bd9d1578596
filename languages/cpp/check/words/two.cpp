#include "two.hpp"

std::string word() { return "second"; }
