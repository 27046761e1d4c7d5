package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** The SHA extensions (SDM vol. 2, SHA1RNDS4 and following; FIPS 180-4 names the functions). */
final class ShaOp extends XmmOp implements FallThrough {
    static final int SHA1_NEXT_E = 0;
    static final int SHA1_MESSAGE_1 = 1;
    static final int SHA1_MESSAGE_2 = 2;
    static final int SHA1_ROUNDS = 3;
    static final int SHA256_MESSAGE_1 = 4;
    static final int SHA256_MESSAGE_2 = 5;
    static final int SHA256_ROUNDS = 6;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 1);

    private final int function;

    ShaOp() {
        function = 0;
    }

    private ShaOp(Instruction instruction) {
        super(instruction);
        function = immediate(instruction) & 3;
    }

    private ShaOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
        function = immediate(instruction) & 3;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new ShaOp(instruction) : new ShaOp(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long va = sourceAddress(cpu, FORM);
        long host = sourceHost(cpu, FORM, va);
        long bl = sourceLow(cpu, FORM, va, host);
        long bh = sourceHigh(cpu, FORM, va, host);
        long al = cpu.get64(target);
        long ah = cpu.get64(target + 8);
        switch (OPERATION) {
            case SHA1_NEXT_E -> setTarget(cpu, bl, join((int) bh, high(bh) + Integer.rotateLeft(high(ah), 30)));
            // Words two places apart, counted from the top of the target.
            case SHA1_MESSAGE_1 -> setTarget(cpu, bh ^ al, al ^ ah);
            case SHA1_MESSAGE_2 -> sha1Message2(cpu, al, ah, bl, bh);
            case SHA1_ROUNDS -> sha1Rounds(cpu, al, ah, bl, bh);
            case SHA256_MESSAGE_1 ->
                setTarget(
                        cpu,
                        join((int) al + spread(high(al)), high(al) + spread((int) ah)),
                        join((int) ah + spread(high(ah)), high(ah) + spread((int) bl)));
            case SHA256_MESSAGE_2 -> sha256Message2(cpu, al, ah, bh);
            default -> sha256Rounds(cpu, al, ah, bl, bh);
        }
    }

    private void sha1Message2(Cpu cpu, long al, long ah, long bl, long bh) {
        int w16 = Integer.rotateLeft(high(ah) ^ (int) bh, 1);
        int w17 = Integer.rotateLeft((int) ah ^ high(bl), 1);
        int w18 = Integer.rotateLeft(high(al) ^ (int) bl, 1);
        int w19 = Integer.rotateLeft((int) al ^ w16, 1);
        setTarget(cpu, join(w19, w18), join(w17, w16));
    }

    /** Four rounds; E of the first is already in the first word of the source. */
    private void sha1Rounds(Cpu cpu, long al, long ah, long bl, long bh) {
        int a = high(ah);
        int b = (int) ah;
        int c = high(al);
        int d = (int) al;
        int e = 0;
        for (int i = 0; i < 4; i++) {
            int word = i == 0 ? high(bh) : i == 1 ? (int) bh : i == 2 ? high(bl) : (int) bl;
            int sum = sha1Function(b, c, d) + Integer.rotateLeft(a, 5) + word + e;
            e = d;
            d = c;
            c = Integer.rotateLeft(b, 30);
            b = a;
            a = sum;
        }
        setTarget(cpu, join(d, c), join(b, a));
    }

    private int sha1Function(int b, int c, int d) {
        return switch (function) {
            case 0 -> choose(b, c, d) + 0x5a827999;
            case 1 -> (b ^ c ^ d) + 0x6ed9eba1;
            case 2 -> majority(b, c, d) + 0x8f1bbcdc;
            default -> (b ^ c ^ d) + 0xca62c1d6;
        };
    }

    private void sha256Message2(Cpu cpu, long al, long ah, long bh) {
        int w16 = (int) al + spreadLater((int) bh);
        int w17 = high(al) + spreadLater(high(bh));
        int w18 = (int) ah + spreadLater(w16);
        int w19 = high(ah) + spreadLater(w17);
        setTarget(cpu, join(w16, w17), join(w18, w19));
    }

    /** Two rounds with message words plus constants from XMM0. */
    private void sha256Rounds(Cpu cpu, long al, long ah, long bl, long bh) {
        long words = cpu.get64(StateLayout.VECTOR);
        int a = high(bh);
        int b = (int) bh;
        int c = high(ah);
        int d = (int) ah;
        int e = high(bl);
        int f = (int) bl;
        int g = high(al);
        int h = (int) al;
        for (int i = 0; i < 2; i++) {
            int first = h + choose(e, f, g) + rotations(e, 6, 11, 25) + (i == 0 ? (int) words : high(words));
            int second = majority(a, b, c) + rotations(a, 2, 13, 22);
            h = g;
            g = f;
            f = e;
            e = d + first;
            d = c;
            c = b;
            b = a;
            a = first + second;
        }
        setTarget(cpu, join(f, e), join(b, a));
    }

    private static int choose(int x, int y, int z) {
        return x & y ^ ~x & z;
    }

    private static int majority(int x, int y, int z) {
        return x & y ^ x & z ^ y & z;
    }

    private static int rotations(int x, int first, int second, int third) {
        return Integer.rotateRight(x, first) ^ Integer.rotateRight(x, second) ^ Integer.rotateRight(x, third);
    }

    private static int spread(int x) {
        return Integer.rotateRight(x, 7) ^ Integer.rotateRight(x, 18) ^ x >>> 3;
    }

    private static int spreadLater(int x) {
        return Integer.rotateRight(x, 17) ^ Integer.rotateRight(x, 19) ^ x >>> 10;
    }

    private static int high(long half) {
        return (int) (half >>> 32);
    }

    private static long join(int low, int high) {
        return low & 0xffff_ffffL | (long) high << 32;
    }
}
