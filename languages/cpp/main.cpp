// Press Run, type a number in the console, and press Enter.
#include <algorithm>
#include <iostream>
#include <ranges>
#include <string>
#include <vector>

int main() {
    std::cout << "Hello from C++! Up to which number shall we look for primes? " << std::flush;
    int limit = 0;
    if (!(std::cin >> limit) || limit < 2 || limit > 500) limit = 100;

    auto is_prime = [](int n) {
        return std::ranges::none_of(std::views::iota(2, n) | std::views::take_while([n](int d) { return d * d <= n; }),
                                    [n](int d) { return n % d == 0; });
    };
    std::vector<int> primes;
    std::ranges::copy_if(std::views::iota(2, limit + 1), std::back_inserter(primes), is_prime);

    for (int row = 1; row <= limit; row += 50) {
        for (int n = row; n < row + 50 && n <= limit; n++)
            std::cout << (std::ranges::binary_search(primes, n) ? "●" : "·");
        std::cout << std::endl;
    }
    std::cout << primes.size() << " primes, the largest is " << primes.back() << std::endl;
}
