package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Decoded;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.OpcodeRow;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** Decodes guest bytes into blocks of linked ops. One per vCPU. */
final class BlockBuilder {
    /** Bounds the Java stack depth of a block, since each op calls its successor. */
    static final int LONGEST_BLOCK = 32;

    private final Decoder decoder;
    private final OpTranslator translator;
    private final byte[] bytes = new byte[4096 + Decoder.MAX_LENGTH];
    private final Instruction[] instructions = new Instruction[LONGEST_BLOCK];
    private final int[] starts = new int[LONGEST_BLOCK];
    private final byte[] now = new byte[LONGEST_BLOCK * Decoder.MAX_LENGTH];

    /** Instructions decoded since the start. */
    long decoded;

    BlockBuilder(Decoder decoder, OpTranslator translator) {
        this.decoder = decoder;
        this.translator = translator;
    }

    /**
     * Builds the block that starts at {@code ip} of a page.
     *
     * @param room bytes up to the code segment's limit, at least 1; {@link Block#ROOMY} or more where it is far
     * @param longest most instructions to take
     * @return the block, or null when its first instruction straddles the page's end
     */
    Block build(Cpu cpu, CodePage page, int ip, int mode, long room, int longest) {
        HostMemory.read(cpu.physical.ram, host(cpu, page) + ip, bytes, ip, 4096 - ip);
        int limit = (int) Math.min(4096, ip + room);
        Block block = decode(page, ip, limit, mode, Math.min(longest, LONGEST_BLOCK), limit < 4096);
        return block == null ? null : withRoom(block, room);
    }

    /** Builds the one-instruction block that straddles into the next page. */
    Block buildStraddling(Cpu cpu, CodePage page, CodePage second, int ip, int mode, long room) {
        HostMemory.read(cpu.physical.ram, host(cpu, page) + ip, bytes, ip, 4096 - ip);
        HostMemory.read(cpu.physical.ram, host(cpu, second), bytes, 4096, Decoder.MAX_LENGTH);
        int limit = (int) Math.min(bytes.length, ip + room);
        Block block = decode(page, ip, limit, mode, 1, true);
        block.secondPage = second;
        return withRoom(block, room);
    }

    /** Whether the bytes of the block built last are still what it was built from. */
    boolean stillThere(Cpu cpu, Block block) {
        int inFirst = Math.min(block.end, 4096) - block.ip;
        HostMemory.read(cpu.physical.ram, host(cpu, block.page) + block.ip, now, 0, inFirst);
        if (block.end > 4096) {
            HostMemory.read(cpu.physical.ram, host(cpu, block.secondPage), now, inFirst, block.end - 4096);
        }
        return Arrays.equals(now, 0, block.end - block.ip, bytes, block.ip, block.end);
    }

    private static long host(Cpu cpu, CodePage page) {
        return cpu.physical.ramBase + ((long) page.pageIndex << 12);
    }

    /**
     * Builds a block of one instruction from bytes that are fetched one by one, no more of them than it has.
     *
     * @param fetch gives the byte at a distance from the instruction's start; may fault
     */
    Block buildFetched(CodePage page, int ip, int mode, long room, IntUnaryOperator fetch) {
        int most = (int) Math.min(Decoder.MAX_LENGTH, room);
        int length = 0;
        do {
            bytes[ip + length] = (byte) fetch.applyAsInt(length);
            length++;
        } while (length < most
                && decoder.decode(bytes, ip, ip + length, Mode.codeSize(mode)) instanceof Decoded.Truncated);
        return decode(page, ip, ip + length, mode, 1, true);
    }

    private static Block withRoom(Block block, long room) {
        block.room = (int) Math.min(room, Block.ROOMY);
        return block;
    }

    private Block decode(CodePage page, int start, int limit, int mode, int longest, boolean limitFaults) {
        BlockContext context = new BlockContext(mode);
        int most = longest;
        int count = 0;
        int ip = start;
        Op last = null;
        boolean ended = false;
        while (count < most && ip < limit && ip < 4096 && !ended) {
            Decoded result = decoder.decode(bytes, ip, limit, Mode.codeSize(mode));
            if (result instanceof Instruction instruction) {
                instructions[count] = instruction;
                starts[count++] = ip;
                ip += instruction.length();
                ended = instruction.row().terminal();
                if (instruction.row().has(Attribute.SHADOW)) {
                    // Interrupts open behind the next instruction: the block takes that one along and ends.
                    most = Math.min(most, count + 1);
                }
                continue;
            }
            if (result instanceof Decoded.Truncated && !limitFaults) {
                if (count == 0) {
                    return null;
                }
                break;
            }
            last = raising(result);
            place(last, ip, lengthOf(result));
            ip += last.length;
            ended = true;
        }
        decoded += count;
        if (last == null && !ended) {
            last = new NextBlock();
            last.ip = (short) ip;
        }
        Op head = link(count, last, context);
        return new Block(page, start, Math.max(ip, start + 1), mode, Math.max(count, 1), head);
    }

    /** What stands in a block for bytes that are no instruction. */
    private static Op raising(Decoded result) {
        // Over-long instructions and code beyond the segment limit raise #GP(0) (SDM vol. 3, 5.3 and 6.15).
        return result instanceof Decoded.InvalidOpcode ? new RaisingOp(6, false) : new RaisingOp(13, true);
    }

    private static int lengthOf(Decoded result) {
        return result instanceof Decoded.InvalidOpcode(int seen) ? seen : 1;
    }

    /** Translates from the last instruction to the first, so that each op knows which flags live on behind it. */
    private Op link(int count, Op last, BlockContext context) {
        BlockContext deadFlags = new BlockContext(context.mode(), true);
        Op next = last;
        int live = Flags.ALL;
        for (int i = count - 1; i >= 0; i--) {
            Instruction instruction = instructions[i];
            OpcodeRow row = instruction.row();
            // Only what is surely written hides older flags: processors leave undefined ones alone, and so do our ops.
            int written = row.flagsWritten();
            int touched = written | row.flagsUndefined();
            boolean dead = touched != 0 && (touched & live) == 0;
            Op op = translator.translate(instruction, dead ? deadFlags : context);
            boolean shadowed = i > 0 && instructions[i - 1].row().has(Attribute.SHADOW);
            if (next != null && op.doesNothing() && !shadowed) {
                // Every kernel function begins with a NOP for the tracer: it costs nothing to leave it out. Behind STI
                // it counts as the one instruction that interrupts wait for.
                continue;
            }
            place(op, starts[i], instruction.length());
            op.next = next;
            if (i > 0 && next == null) {
                Op pair = translator.fuse(instructions[i - 1], instruction, op, context);
                if (pair != null) {
                    i--;
                    place(pair, starts[i], instructions[i].length());
                    op = pair;
                    instruction = instructions[i];
                    row = instruction.row();
                }
            }
            written = FlagLiveness.surelyWritten(row);
            // At a fault all flags can be seen; so they can where an op stands for an exception.
            live = FlagLiveness.mayFault(instruction) || op instanceof RaisingOp ? Flags.ALL : live & ~written | row.flagsRead();
            next = op;
        }
        return next;
    }

    private static void place(Op op, int ip, int length) {
        op.ip = (short) ip;
        op.length = (byte) length;
        op.placed();
    }
}
