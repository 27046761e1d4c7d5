package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.BlockCode;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Instruction;
import java.util.ArrayList;
import java.util.List;

/** A block that is being translated: the code written so far, the running instruction, and the ways out to the interpreter. */
final class CodeInProgress {
    private static final int STATE = HostRegister.STATE;

    final HostAssembler out;
    final FlagCode flags;
    final BlockCode.Source source;
    final BlockCode.Exits exits;
    private final long address;
    private final long leave;
    private final List<Runnable> aside = new ArrayList<>();

    /** What the state block has yet to be told of the last x87 instruction, null for nothing. */
    X87Code.Last lastX87;

    /** The running instruction. */
    int index;

    Instruction instruction;

    /**
     * At a block's start.
     *
     * @param address where the code will be
     * @param leave address of the frame's common exit
     */
    CodeInProgress(HostAssembler out, BlockCode.Source source, BlockCode.Exits exits, long address, long leave) {
        this.out = out;
        this.flags = new FlagCode(out);
        this.source = source;
        this.exits = exits;
        this.address = address;
        this.leave = leave;
    }

    void begin(int at) {
        index = at;
        instruction = source.instructions()[at];
    }

    /** Offset of the next instruction in its page. */
    int next() {
        return source.starts()[index] + instruction.length();
    }

    /** Puts off code that is rarely run until the block's main path is written. */
    void aside(Runnable code) {
        aside.add(code);
    }

    /** Writes what was put off; that may put off more. */
    void writeAside() {
        for (int i = 0; i < aside.size(); i++) {
            aside.get(i).run();
        }
    }

    /** Leaves by an exit. */
    void exit(int number) {
        out.storeImmediate(4, STATE, StateLayout.EXIT, number);
        out.u8(0xe9);
        toFrame(0);
    }

    /** Calls a routine of the frame, so many bytes from its common exit. */
    void call(int fromLeave) {
        out.u8(0xe8);
        toFrame(fromLeave);
    }

    /** Calls a routine of the frame that returns with ZF clear to have the interpreter go on at an instruction. */
    void callOrInterpret(int fromLeave, int interpreted) {
        HostAssembler.Label refused = new HostAssembler.Label();
        call(fromLeave);
        out.jump(HostAssembler.NOT_EQUAL, refused);
        aside(() -> {
            out.place(refused);
            exit(exits.interpret(interpreted));
        });
    }

    private void toFrame(int fromLeave) {
        out.u32((int) (leave + fromLeave - (address + out.position() + 4)));
    }

    /** Aside: the interpreter does the running instruction from its start. */
    HostAssembler.Label interpretAside() {
        HostAssembler.Label slow = new HostAssembler.Label();
        FlagRecipe pending = flags.pending();
        X87Code.Last last = lastX87;
        int at = index;
        aside(() -> {
            out.place(slow);
            flags.aside(pending);
            if (last != null) {
                X87Code.note(out, last);
            }
            exit(exits.interpret(at));
        });
        return slow;
    }

    /** Tells the state block what it does not know yet. Keeps flags. */
    void settleX87() {
        if (lastX87 != null) {
            X87Code.note(out, lastX87);
            lastX87 = null;
        }
    }

    /** The host register of a guest register, loaded into the scratch register when it has none. */
    int inHost(int guest, int scratch) {
        int host = HostRegister.of(guest);
        if (host != HostRegister.NONE) {
            return host;
        }
        out.load(8, scratch, STATE, StateLayout.gpr(guest));
        return scratch;
    }
}
