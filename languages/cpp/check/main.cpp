#include <iostream>
#include <string>

#include "words/two.hpp"

int main(int argc, char **argv) {
    std::cout << "args: ";
    for (int i = 1; i < argc; i++) std::cout << (i > 1 ? "|" : "") << argv[i];
    std::string line;
    std::getline(std::cin, line);
    std::cout << std::endl << "stdin: " << line << std::endl << "file: " << word() << std::endl;
    return 3;
}
