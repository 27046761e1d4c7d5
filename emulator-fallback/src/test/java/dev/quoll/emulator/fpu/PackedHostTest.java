package dev.quoll.emulator.fpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The packed integer, AES, carry-less multiplication, CRC and string comparison functions against the host CPU. */
class PackedHostTest {
    private static final String PROGRAM =
            """
            #include <stdint.h>
            #include <stdio.h>
            #include <string.h>
            struct in { uint32_t op, pad; uint64_t a[2], b[2], rax, rdx; };
            struct out { uint64_t x[2], rax, rcx, flags; };
            #define OP(text) asm volatile("movdqu %[a],%%xmm1\\n movdqu %[b],%%xmm2\\n movdqu %[a],%%xmm0\\n mov %[c],%%rax\\n mov %[d],%%rdx\\n" \\
                "mov $0,%%ecx\\n" text "\\n pushfq\\n popq %[f]\\n movdqu %%xmm0,%[x]\\n mov %%rax,%[g]\\n mov %%rcx,%[h]\\n" \\
                : [f] "=m"(o.flags), [x] "=m"(o.x), [g] "=m"(o.rax), [h] "=m"(o.rcx) \\
                : [a] "m"(i.a), [b] "m"(i.b), [c] "m"(i.rax), [d] "m"(i.rdx) : "rax", "rcx", "rdx", "xmm0", "xmm1", "xmm2", "cc", "memory");
            int main(void) {
                static struct in i; static struct out o;
                while (fread(&i, sizeof i, 1, stdin) == 1) {
                    switch (i.op) {
            %s
                    default: return 1;
                    }
                    fwrite(&o, sizeof o, 1, stdout);
                }
                return 0;
            }
            """;

    /** First operand a in XMM0 and XMM1, second b in XMM2, and RAX and RDX. */
    private record Input(long aLow, long aHigh, long bLow, long bHigh, long rax, long rdx) {}

    private record Output(long low, long high, long rax, long rcx, long flags) {}

    /** What the function gives, in the places of the output that it speaks of; the others as the host left them. */
    @FunctionalInterface
    private interface Emulated {
        Output run(Input in, Output host);
    }

    private record Operation(String assembly, Emulated emulated) {}

    @FunctionalInterface
    private interface Lanes {
        long apply(long a, long b, long lanes);
    }

    @FunctionalInterface
    private interface Half {
        long apply(long a, long b);
    }

    private final List<Operation> operations = new ArrayList<>();

    private void vector(String assembly, Emulated emulated) {
        operations.add(new Operation(assembly, emulated));
    }

    private void half(String mnemonic, Half half) {
        vector(mnemonic + " %%xmm2,%%xmm0", (in, host) -> vectorOf(half.apply(in.aLow, in.bLow), half.apply(in.aHigh, in.bHigh), host));
    }

    private void lanes(String mnemonic, Lanes function, String suffixes) {
        for (char suffix : suffixes.toCharArray()) {
            long lanes = suffix == 'b' ? PackedInteger.BYTES : suffix == 'w' ? PackedInteger.WORDS : PackedInteger.DWORDS;
            half(mnemonic + suffix, (a, b) -> function.apply(a, b, lanes));
        }
    }

    private static Output vectorOf(long low, long high, Output host) {
        return new Output(low, high, host.rax(), host.rcx(), host.flags());
    }

    private void packedIntegers() {
        lanes("padd", PackedInteger::add, "bwd");
        lanes("psub", PackedInteger::subtract, "bwd");
        lanes("padds", PackedInteger::addSigned, "bw");
        lanes("psubs", PackedInteger::subtractSigned, "bw");
        lanes("paddus", PackedInteger::addUnsigned, "bw");
        lanes("psubus", PackedInteger::subtractUnsigned, "bw");
        lanes("pcmpeq", PackedInteger::equal, "bwd");
        lanes("pcmpgt", PackedInteger::greaterSigned, "bwd");
        lanes("pminu", PackedInteger::minUnsigned, "bwd");
        lanes("pmaxu", PackedInteger::maxUnsigned, "bwd");
        lanes("pmins", PackedInteger::minSigned, "bwd");
        lanes("pmaxs", PackedInteger::maxSigned, "bwd");
        lanes("psign", PackedInteger::sign, "bwd");
        lanes("pabs", (_, b, lanes) -> PackedInteger.absolute(b, lanes), "bwd");
        lanes("pavg", PackedInteger::average, "bw");
        half("psadbw", PackedInteger::sumOfDifferences);
        half("pmullw", PackedInteger::multiplyLow);
        half("pmulhw", PackedInteger::multiplyHigh);
        half("pmulhuw", PackedInteger::multiplyHighUnsigned);
        half("pmulhrsw", PackedInteger::multiplyHighRounded);
        half("pmaddwd", PackedInteger::multiplyAdd);
        half("pmaddubsw", PackedInteger::multiplyAddBytes);
        pack("packsswb", PackedInteger::packSignedWords);
        pack("packuswb", PackedInteger::packUnsignedWords);
        pack("packssdw", PackedInteger::packSignedDwords);
        pack("packusdw", PackedInteger::packUnsignedDwords);
        pack("phaddw", PackedHorizontal::addWords);
        pack("phaddsw", PackedHorizontal::addWordsSigned);
        pack("phsubw", PackedHorizontal::subtractWords);
        pack("phsubsw", PackedHorizontal::subtractWordsSigned);
        pack("phaddd", PackedHorizontal::addDwords);
        pack("phsubd", PackedHorizontal::subtractDwords);
        vector("pmovmskb %%xmm2,%%eax", (in, host) ->
                register(PackedHorizontal.signBits(in.bLow) | PackedHorizontal.signBits(in.bHigh) << 8, host));
    }

    private void pack(String mnemonic, Half half) {
        vector(mnemonic + " %%xmm2,%%xmm0", (in, host) -> vectorOf(half.apply(in.aLow, in.aHigh), half.apply(in.bLow, in.bHigh), host));
    }

    private void permutations() {
        vector("pshufb %%xmm2,%%xmm0", (in, host) -> vectorOf(
                PackedPermute.shuffleBytes(in.aLow, in.aHigh, in.bLow), PackedPermute.shuffleBytes(in.aLow, in.aHigh, in.bHigh), host));
        vector("phminposuw %%xmm2,%%xmm0", (in, host) -> vectorOf(PackedPermute.minimumPosition(in.bLow, in.bHigh), 0, host));
        for (int i = 0; i < 8; i++) {
            int immediate = i;
            vector("mpsadbw $" + i + ",%%xmm2,%%xmm0", (in, host) -> vectorOf(
                    PackedPermute.multipleSumsLow(in.aLow, in.aHigh, in.bLow, in.bHigh, immediate),
                    PackedPermute.multipleSumsHigh(in.aLow, in.aHigh, in.bLow, in.bHigh, immediate),
                    host));
        }
        for (int i = 0; i < 40; i++) {
            int count = i;
            vector("palignr $" + i + ",%%xmm2,%%xmm0", (in, host) -> vectorOf(
                    PackedPermute.alignLow(in.bLow, in.bHigh, in.aLow, in.aHigh, count),
                    PackedPermute.alignHigh(in.bLow, in.bHigh, in.aLow, in.aHigh, count),
                    host));
        }
    }

    @FunctionalInterface
    private interface Round {
        long apply(long own, long other, long key);
    }

    private void round(String mnemonic, Round round) {
        vector(mnemonic + " %%xmm2,%%xmm0", (in, host) ->
                vectorOf(round.apply(in.aLow, in.aHigh, in.bLow), round.apply(in.aHigh, in.aLow, in.bHigh), host));
    }

    private void cryptography() {
        round("aesenc", Aes::encrypt);
        round("aesenclast", Aes::encryptLast);
        round("aesdec", Aes::decrypt);
        round("aesdeclast", Aes::decryptLast);
        vector("aesimc %%xmm2,%%xmm0", (in, host) ->
                vectorOf(Aes.inverseMixColumns(in.bLow), Aes.inverseMixColumns(in.bHigh), host));
        for (int constant : new int[] {0, 1, 0x1B, 0x80, 0xFF}) {
            vector("aeskeygenassist $" + constant + ",%%xmm2,%%xmm0", (in, host) -> vectorOf(
                    Aes.keyGenerationAssist(in.bLow, constant), Aes.keyGenerationAssist(in.bHigh, constant), host));
        }
        vector("pclmulqdq $0x01,%%xmm2,%%xmm0", (in, host) ->
                vectorOf(CarrylessMultiply.low(in.aHigh, in.bLow), CarrylessMultiply.high(in.aHigh, in.bLow), host));
        vector("crc32b %%dl,%%eax", (in, host) -> register(Crc32c.update8((int) in.rax, (int) in.rdx), host));
        vector("crc32w %%dx,%%eax", (in, host) -> register(Crc32c.update16((int) in.rax, (int) in.rdx), host));
        vector("crc32l %%edx,%%eax", (in, host) -> register(Crc32c.update32((int) in.rax, (int) in.rdx), host));
        vector("crc32q %%rdx,%%rax", (in, host) -> register(Crc32c.update64((int) in.rax, in.rdx), host));
    }

    private static Output register(int result, Output host) {
        return new Output(host.low(), host.high(), result & 0xFFFFFFFFL, host.rcx(), host.flags());
    }

    private void strings() {
        for (int i = 0; i < 128; i++) {
            int immediate = i;
            String operands = " $" + i + ",%%xmm2,%%xmm1";
            vector("pcmpestri" + operands, (in, host) -> {
                int outcome = StringCompare.explicit(
                        in.aLow, in.aHigh, (int) in.rax, in.bLow, in.bHigh, (int) in.rdx, immediate);
                return new Output(
                        host.low(), host.high(), host.rax(), StringCompare.index(outcome, immediate), StringCompare.flags(outcome));
            });
            vector("rex.w pcmpestrm" + operands, (in, host) -> {
                int outcome = StringCompare.explicit(in.aLow, in.aHigh, in.rax, in.bLow, in.bHigh, in.rdx, immediate);
                return mask(outcome, immediate, host);
            });
            vector("pcmpistri" + operands, (in, host) -> {
                int outcome = StringCompare.implicit(in.aLow, in.aHigh, in.bLow, in.bHigh, immediate);
                return new Output(
                        host.low(), host.high(), host.rax(), StringCompare.index(outcome, immediate), StringCompare.flags(outcome));
            });
            vector("pcmpistrm" + operands, (in, host) ->
                    mask(StringCompare.implicit(in.aLow, in.aHigh, in.bLow, in.bHigh, immediate), immediate, host));
        }
    }

    private static Output mask(int outcome, int immediate, Output host) {
        return new Output(
                StringCompare.maskLow(outcome, immediate),
                StringCompare.maskHigh(outcome, immediate),
                host.rax(),
                host.rcx(),
                StringCompare.flags(outcome));
    }

    @Test
    void packedIntegersMatchTheHost() throws Exception {
        packedIntegers();
        check(3000, "sse4_1");
    }

    @Test
    void permutationsMatchTheHost() throws Exception {
        permutations();
        check(1000, "sse4_1");
    }

    @Test
    void cryptographyMatchesTheHost() throws Exception {
        cryptography();
        check(5000, "aes", "pclmulqdq", "sse4_2");
    }

    @Test
    void stringComparisonsMatchTheHost() throws Exception {
        strings();
        check(400, "sse4_2");
    }

    private void check(int repetitions, String... cpuFlags) throws Exception {
        long seed = System.nanoTime();
        System.out.println("PackedHostTest seed " + seed);
        Random random = new Random(seed);
        List<Input> inputs = new ArrayList<>();
        ByteBuffer in = HostProgram.records(operations.size() * repetitions * 56);
        StringBuilder cases = new StringBuilder();
        for (int i = 0; i < operations.size(); i++) {
            cases.append("case ").append(i).append(": OP(\"").append(operations.get(i).assembly()).append("\") break;\n");
            for (int n = 0; n < repetitions; n++) {
                int style = random.nextInt(4);
                long a = half(random, style);
                Input input = new Input(
                        a, half(random, style), random.nextInt(4) == 0 ? a : half(random, style), half(random, style), length(random), length(random));
                inputs.add(input);
                in.putInt(i).putInt(0);
                in.putLong(input.aLow).putLong(input.aHigh).putLong(input.bLow).putLong(input.bHigh).putLong(input.rax).putLong(input.rdx);
            }
        }
        try (HostProgram host = HostProgram.compile(PROGRAM.replace("%s", cases), cpuFlags)) {
            ByteBuffer out = host.run(in);
            int arithmeticFlags = StringCompare.CARRY | StringCompare.ZERO | StringCompare.SIGN | StringCompare.OVERFLOW | 0x14;
            for (int i = 0; i < inputs.size(); i++) {
                Operation operation = operations.get(i / repetitions);
                Output expected = new Output(out.getLong(), out.getLong(), out.getLong(), out.getLong(), out.getLong() & arithmeticFlags);
                Output actual = operation.emulated().run(inputs.get(i), expected);
                if (!actual.equals(expected)) {
                    assertThat(hexadecimal(actual))
                            .as("%s of %s, seed %d", operation.assembly(), inputs.get(i), seed)
                            .isEqualTo(hexadecimal(expected));
                }
            }
        }
    }

    private static String hexadecimal(Output o) {
        return "xmm %016x%016x rax %x rcx %x flags %x".formatted(o.high(), o.low(), o.rax(), o.rcx(), o.flags());
    }

    /** Random bits; the extremes of lanes; few different small elements with zeros; ascending text. */
    private static long half(Random random, int style) {
        long r = 0;
        for (int shift = 0; shift < 64; shift += 8) {
            int octet =
                    switch (style) {
                        case 0 -> random.nextInt(256);
                        case 1 -> new int[] {0, 1, 0x7F, 0x80, 0x81, 0xFF}[random.nextInt(6)];
                        case 2 -> random.nextInt(12) == 0 ? 0 : 'a' + random.nextInt(3);
                        default -> random.nextInt(20) == 0 ? 0 : (shift & 8) != 0 && random.nextBoolean() ? 0 : 0x60 + random.nextInt(60);
                    };
            r |= (long) octet << shift;
        }
        return r;
    }

    private static long length(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextLong();
            case 1 -> new long[] {Integer.MIN_VALUE, Long.MIN_VALUE, 0x1_0000_0003L, -1, 0x8000_0000L}[random.nextInt(5)];
            default -> random.nextInt(41) - 20;
        };
    }
}
