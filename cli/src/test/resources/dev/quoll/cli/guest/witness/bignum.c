/* GMP: products, quotients, roots, powers, greatest common divisors and primes. */
#include <gmp.h>
#include <stdio.h>

int main(void) {
    mpz_t a, b, c, d;
    mpz_inits(a, b, c, d, NULL);
    gmp_randstate_t random;
    gmp_randinit_mt(random);
    gmp_randseed_ui(random, 20261123);
    mpz_set_ui(d, 1);
    for (int i = 0; i < 60; i++) {
        mpz_urandomb(a, random, (mp_bitcnt_t) (50 + i * 150));
        mpz_urandomb(b, random, (mp_bitcnt_t) (40 + i * 70));
        mpz_add_ui(b, b, 3);
        mpz_mul(c, a, b);
        mpz_add(d, d, c);
        mpz_tdiv_qr(c, a, a, b);
        mpz_xor(d, d, c);
        mpz_gcd(c, a, b);
        mpz_add(d, d, c);
        mpz_setbit(b, 0);
        if (i < 12) {
            mpz_powm(c, a, d, b);
            mpz_sub(d, d, c);
        }
        mpz_sqrt(c, d);
        mpz_add(d, d, c);
        mpz_fdiv_r_2exp(d, d, 6000);
    }
    gmp_printf("%Zx\n", d);
    mpz_fac_ui(a, 1500);
    gmp_printf("%Zd\n", a);
    mpz_fib_ui(a, 9000);
    gmp_printf("%Zx\n", a);
    mpz_set_str(a, "170141183460469231731687303715884105720", 10);
    for (int i = 0; i < 3; i++) {
        mpz_nextprime(a, a);
        gmp_printf("%Zd\n", a);
    }
    mpf_t root;
    mpf_init2(root, 3000);
    mpf_sqrt_ui(root, 2);
    gmp_printf("%.800Ff\n", root);
    return 0;
}
