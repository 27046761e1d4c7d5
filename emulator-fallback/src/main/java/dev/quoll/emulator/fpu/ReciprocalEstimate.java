package dev.quoll.emulator.fpu;

/**
 * RCPSS and RSQRTSS, bit for bit as AMD Zen 3 computes them. Both manuals allow any relative error up to 1.5 * 2^-12 (SDM vol. 2, RCPSS), so
 * guests may see differences between processors; the vendor presented is AMD.
 *
 * <p>Measured over all 2^23 significands, the approximation depends on the top 12 fraction bits only and is a bipartite table: a value by the
 * upper eight of them less a correction by the first and the last four. The tables give the top 12 bits of the result's fraction. The
 * reciprocal square root has one table for each parity of the exponent. No flags are raised and DAZ and FTZ do not matter: denormal
 * operands count as zeros and denormal results become zeros.
 */
public final class ReciprocalEstimate {
    private static final int INFINITY = 0x7F80_0000;
    private static final int SIGN = 0x8000_0000;
    private static final int QUIET = 0x0040_0000;
    private static final int INDEFINITE = 0xFFC0_0000;
    private static final int SMALLEST_NORMAL = 0x0080_0000;

    /** Fractions of 1/x for x in [1, 2); the result lies in [1/2, 1). */
    private static final short[] RECIPROCAL = expand(
            """
            ffefdefbff9ff81f62f43f25f07ee9ecbeaee91e74e57e3ae1ce00de4dc9dadd92d77d5cd41d26d0ccf2cd8cbeca4c8b\
            c70c57c3ec25c0dbf4bdcbc4bacb94b7db65b4eb37b20b09af1adbac4aaea98a82a6ca56a41a2ba16a019ec9d79c29ae\
            99898497095c94893492090d8f98e68d28bf8ac89988687486184f83c82a8188067f47e27d07bf7ad79c78a779768757\
            7457347247137026f26e26d16c16b16a16916816726626526426336236146055f65e75d85c95ba5ac59d58f580572563\
            55554753852a51d50f5014f34e64d84ca4bd4b04a249548847a46d46045344743a42d4204144073fb3ee3e23d63c93bd\
            3b13a539938d38137536935e35234633b32f32431830d3022f62eb2e02d52ca2bf2b42a929e29328827e27326925e253\
            24823e23422921f21520b2011f61ec1e21d81cf1c51bb1b11a719e19418a18117716e16415b15114813f13612c12311a\
            1101070fe0f50ec0e30db0d20c90c00b70af0a609d09508c08407b07306a06205a051049041039030028020018010008""",
            """
            023579bdfhikmoqs013568abdfgiklnp0134578abdeghjkm01245689acdeghik\
            012346789bcdefhi012456789abcefgh0123456789abcdef01234556789abcde\
            012234567889abcd0112345567899abc0122344567789aab011233455677899a\
            0012233455677889001223345566788900112233455667780011223445566778""");

    /** Fractions of 1/sqrt(x) for x in [1, 2). */
    private static final short[] ROOT_ODD = expand(
            """
            ffffeffdffd0fc0fb0fa1f92f82f73f64f55f46f37f28f1af0befceeeedfed1ec3eb5ea7e99e8be7de6fe61e54e46e39\
            e2be1ee10e03df6de9ddcdcfdc2db5da9d9cd8fd83d76d6ad5dd51d44d38d2cd20d14d08cfccf0ce5cd9ccdcc2cb6cab\
            c9ec93c88c7cc71c66c5bc50c45c3ac2fc24c19c0ec04bf9beebe4bd9bcfbc4bbabafba5b9bb91b86b7cb72b68b5eb54\
            b4ab40b36b2cb22b19b0fb05afcaf2ae9adfad6accac3abaab0aa7a9ea94a8ba82a79a70a67a5ea55a4ca43a3ba32a29\
            a21a18a0fa079fe9f69ed9e59dc9d49cb9c39bb9b29aa9a299999198998197997196996195995194994193993292a922\
            91a91290b9038fb8f48ec8e58dd8d68ce8c78bf8b88b18a98a289b89488d88587e87787086986285b85484d84683f838\
            83082982281c81580e8078007fa7f37ec7e67df7d87d27cb7c57be7b87b17ab7a479e79779178b78477e77877176b765\
            75e75875274c74674073a73372d72772171b71570f7097036fd6f76f16eb6e56e06da6d46ce6c86c36bd6b76b16ac6a6""",
            """
            01234567789abcde01233456789aabcd012234566789abbc0122344567789aab\
            001223455677899a011233455667889a00122334456678890011223445566788\
            0112233445566778001122334455667700112233344556670112223344556667\
            0011122333445566001122233444555600111223334455560001112233344455""");

    /** Fractions of 1/sqrt(x) for x in [2, 4). */
    private static final short[] ROOT_EVEN = expand(
            """
            6a069568a67e67366965e65364863d63362861d6136085fe5f35e95df5d45ca5c05b65ac5a259958f58557b57256855f\
            55554b54253952f52651d51450b5024f94f04e74de4d54cc4c34bb4b24a94a149849048747f47746e46645e45544d445\
            43d43542d42541d41540d4053fd3f53ee3e63de3d73cf3c83c03b93b13aa3a239b39438c38537e37736f36836135a353\
            34c34533e33733032932231b31530e3073002fa2f32ec2e62df2d92d22cc2c52bf2b82b22ac2a529f29929228c286280\
            27927326d26726125b25524f24924323d23723122b22522021a21420e2092031fd1f71f21ec1e71e11db1d61d01cb1c5\
            1c01bb1b51b01aa1a51a019a19519018a18518017b17617016b16616115c15715214d14814313e13913412f12a125120\
            11a11611110c1071020fd0f90f40ef0ea0e60e10dc0d80d30ce0ca0c50c10bc0b70b30ae0aa0a50a109c09809308f08b\
            08608207d07907507006c06806305f05b05705204e04a04604103d03903503102d02902402001c01801401000c008004""",
            """
            011233455677899a001223345567789900122334456677880012233445566778\
            0011223344556677011122334455666700112223344555660011222334445566\
            0001122233344555001112223334445500111222333444550111222333444455\
            0001112222333444000111222233344400111122223333440011112222333344""");

    private ReciprocalEstimate() {}

    /** RCPSS, and an element of RCPPS. */
    public static int reciprocal(int a) {
        int magnitude = a & ~SIGN;
        if (magnitude > INFINITY) {
            return a | QUIET;
        }
        int sign = a & SIGN;
        if (magnitude < SMALLEST_NORMAL) {
            return sign | INFINITY;
        }
        int exponent = 253 - (magnitude >>> 23);
        return exponent <= 0 ? sign : sign | exponent << 23 | RECIPROCAL[magnitude >>> 11 & 0xFFF] << 11;
    }

    /** RSQRTSS, and an element of RSQRTPS. */
    public static int reciprocalSquareRoot(int a) {
        int magnitude = a & ~SIGN;
        if (magnitude > INFINITY) {
            return a | QUIET;
        }
        if (magnitude < SMALLEST_NORMAL) {
            return a & SIGN | INFINITY;
        }
        if (a < 0) {
            return INDEFINITE;
        }
        if (a == INFINITY) {
            return 0;
        }
        int field = a >>> 23;
        short[] table = (field & 1) != 0 ? ROOT_ODD : ROOT_EVEN;
        return 126 - (field - 127 >> 1) << 23 | table[a >>> 11 & 0xFFF] << 11;
    }

    private static short[] expand(String values, String corrections) {
        short[] table = new short[4096];
        for (int i = 0; i < table.length; i++) {
            int value = Integer.parseInt(values, 3 * (i >> 4), 3 * (i >> 4) + 3, 16);
            int correction = Character.digit(corrections.charAt((i >> 8) * 16 + (i & 15)), 36);
            table[i] = (short) (value - correction);
        }
        return table;
    }
}
