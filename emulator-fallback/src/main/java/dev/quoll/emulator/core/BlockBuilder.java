package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Decoded;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Instruction;

/** Decodes guest bytes into blocks of linked ops. One per vCPU. */
final class BlockBuilder {
    /** Bounds the Java stack depth of a block, since each op calls its successor. */
    private static final int LONGEST_BLOCK = 40;

    private final Decoder decoder;
    private final OpTranslator translator;
    private final boolean smp;
    private final byte[] bytes = new byte[4096 + Decoder.MAX_LENGTH];
    private final Op[] ops = new Op[LONGEST_BLOCK];

    /** Instructions decoded since the start. */
    long decoded;

    BlockBuilder(Decoder decoder, OpTranslator translator, boolean smp) {
        this.decoder = decoder;
        this.translator = translator;
        this.smp = smp;
    }

    /**
     * Builds the block that starts at {@code ip} of a page.
     *
     * @param room bytes up to the code segment's limit, at least 1
     * @param longest most instructions to take
     * @return the block, or null when its first instruction straddles the page's end
     */
    Block build(Cpu cpu, CodePage page, int ip, int mode, long room, int longest) {
        long host = cpu.physical.ramBase + ((long) page.pageIndex << 12);
        HostMemory.read(cpu.physical.ram, host + ip, bytes, ip, 4096 - ip);
        int limit = (int) Math.min(4096, ip + room);
        return decode(page, ip, limit, mode, Math.min(longest, LONGEST_BLOCK), limit < 4096);
    }

    /** Builds the one-instruction block that straddles into the next page. */
    Block buildStraddling(Cpu cpu, CodePage page, CodePage second, int ip, int mode, long room) {
        long host = cpu.physical.ramBase + ((long) page.pageIndex << 12);
        HostMemory.read(cpu.physical.ram, host + ip, bytes, ip, 4096 - ip);
        long secondHost = cpu.physical.ramBase + ((long) second.pageIndex << 12);
        HostMemory.read(cpu.physical.ram, secondHost, bytes, 4096, Decoder.MAX_LENGTH);
        int limit = (int) Math.min(bytes.length, ip + room);
        Block block = decode(page, ip, limit, mode, 1, true);
        block.secondPage = second;
        return block;
    }

    private Block decode(CodePage page, int start, int limit, int mode, int longest, boolean limitFaults) {
        BlockContext context = new BlockContext(mode, smp);
        int count = 0;
        int ip = start;
        boolean ended = false;
        while (count < longest && ip < limit && ip < 4096 && !ended) {
            Decoded result = decoder.decode(bytes, ip, limit, Mode.codeSize(mode));
            Op op;
            int length;
            switch (result) {
                case Instruction instruction -> {
                    length = instruction.length();
                    op = translator.translate(instruction, context);
                    ended = instruction.row().terminal() || op instanceof RaisingOp;
                    if (instruction.row().has(Attribute.SHADOW)) {
                        // Interrupts open behind the next instruction: the block takes that one along and ends.
                        longest = Math.min(longest, count + 2);
                    }
                }
                case Decoded.InvalidOpcode(int seen) -> {
                    length = seen;
                    op = new RaisingOp(6, false);
                    ended = true;
                }
                case Decoded.TooLong tooLong -> {
                    length = Decoder.MAX_LENGTH;
                    op = new RaisingOp(13, true);
                    ended = true;
                }
                case Decoded.Truncated truncated -> {
                    if (!limitFaults) {
                        if (count == 0) {
                            return null;
                        }
                        length = 0;
                        op = null;
                    } else {
                        // Beyond the segment limit there is no code: #GP(0) (SDM vol. 3, 5.3).
                        length = 1;
                        op = new RaisingOp(13, true);
                    }
                    ended = true;
                }
            }
            if (op == null) {
                ended = false;
                break;
            }
            place(op, ip, length);
            ops[count++] = op;
            ip += length;
            decoded++;
        }
        if (!ended) {
            Op end = new NextBlock();
            end.ip = (short) ip;
            ops[count - 1].next = end;
        }
        for (int i = 0; i < count - 1; i++) {
            ops[i].next = ops[i + 1];
        }
        return new Block(page, start, Math.max(ip, start + 1), mode, count, ops[0]);
    }

    private static void place(Op op, int ip, int length) {
        op.ip = (short) ip;
        op.length = (byte) length;
        op.placed();
    }
}
