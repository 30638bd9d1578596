#pragma once
#include <string>

std::string word();
