package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.LazyFlags;
import dev.quoll.emulator.core.StateLayout;

/**
 * Where the guest's arithmetic flags are while a block is translated, and the code that moves them: in the state block, in the host's
 * flags, or to be had again by a {@link FlagRecipe}. A check of the TLB overwrites the host's flags, so most flags that only a fault
 * handler could see are never computed: the exit to the interpreter does it.
 */
final class FlagCode {
    private final HostAssembler out;

    /** The host's flags are the guest's. */
    private boolean inHost;
    /** The state block has them. */
    private boolean inState;
    /** The state block has them in the form NATIVE: made by this block. */
    private boolean nativeForm;
    /** Null when there is none. */
    private FlagRecipe recipe;

    FlagCode(HostAssembler out) {
        this.out = out;
    }

    /** At a block's start. */
    void begin() {
        inHost = false;
        inState = true;
        nativeForm = false;
        recipe = null;
    }

    boolean inHost() {
        return inHost;
    }

    boolean inState() {
        return inState;
    }

    boolean nativeForm() {
        return nativeForm;
    }

    FlagRecipe recipe() {
        return recipe;
    }

    /** Whether the host's flags are the only place. */
    boolean onlyInHost() {
        return inHost && !inState && recipe == null;
    }

    /** Nobody will see the flags as they are now. */
    void die() {
        inHost = false;
        inState = false;
        recipe = null;
    }

    /** Whether there are flags anywhere. */
    boolean alive() {
        return inHost || inState || recipe != null;
    }

    /** An instruction has just left the guest's flags in the host's. */
    void setByHost(FlagRecipe how) {
        inHost = true;
        inState = false;
        nativeForm = false;
        recipe = how;
    }

    /** The host's flags are about to be overwritten by code that the guest knows nothing of. */
    void clobber() {
        if (onlyInHost()) {
            save();
        }
        inHost = false;
    }

    /** A register is about to be overwritten. */
    void overwrite(int guest) {
        if (recipe == null || !recipe.uses(guest)) {
            return;
        }
        settle();
        recipe = null;
    }

    /** Puts the flags into the state block, as an exit and the next block expect them. The host's flags are kept, if they are the guest's. */
    void settle() {
        if (inState || !alive()) {
            return;
        }
        if (!inHost) {
            again();
        }
        save();
    }

    /** What {@link #aside} has to store at an exit that branches off here; null for nothing. The host's flags are lost already. */
    FlagRecipe pending() {
        return inState ? null : recipe;
    }

    /** Out of line, on the way to the interpreter, where the main path goes on with what it has. */
    void aside(FlagRecipe pending) {
        if (pending != null) {
            toState(pending);
        }
    }

    /** From the host's flags; keeps them. */
    private void save() {
        out.move(8, HostRegister.T1, HostRegister.RAX);
        out.u8(0x9f); // lahf
        out.rr(1, 0x0f90, 0, HostRegister.RAX); // seto al
        out.rr(4, 0x0fb7, HostRegister.RAX, HostRegister.RAX); // movzx eax, ax
        out.store(4, HostRegister.STATE, StateLayout.FLAGS_A, HostRegister.RAX);
        out.storeImmediate(4, HostRegister.STATE, StateLayout.FLAGS_KIND, LazyFlags.NATIVE);
        out.move(8, HostRegister.RAX, HostRegister.T1);
        inState = true;
        nativeForm = true;
    }

    /** From the form NATIVE in the state block to the host's flags. */
    void restore() {
        out.move(8, HostRegister.T1, HostRegister.RAX);
        out.load(4, HostRegister.RAX, HostRegister.STATE, StateLayout.FLAGS_A);
        out.u8(0x04); // add al, 0x7f: OF again
        out.u8(0x7f);
        out.u8(0x9e); // sahf
        out.move(8, HostRegister.RAX, HostRegister.T1);
        inHost = true;
    }

    /** From a recipe to the host's flags. */
    void again() {
        FlagRecipe r = recipe;
        int first = operand(r.first(), HostRegister.T1);
        switch (r.kind()) {
            case LOGIC -> out.rr(r.size(), r.size() == 1 ? 0x84 : 0x85, first, first);
            case TEST -> binary(0x84, 0, r, first);
            case COMPARE -> binary(0x38, 7, r, first);
            case SUB -> {
                // a = result + b
                out.move(8, HostRegister.T1, first);
                binary(0x00, 0, r, HostRegister.T1);
                binary(0x38, 7, r, HostRegister.T1);
            }
            case ADD -> {
                out.move(8, HostRegister.T1, first);
                binary(0x28, 5, r, HostRegister.T1);
                binary(0x00, 0, r, HostRegister.T1);
            }
        }
        inHost = true;
    }

    /** An instruction of the classic arithmetic group with the recipe's second operand. */
    private void binary(int opcode, int group, FlagRecipe r, int first) {
        if (r.second() >= 0) {
            int second = operand(r.second(), HostRegister.T2);
            out.rr(r.size(), r.size() == 1 ? opcode : opcode + 1, second, first);
        } else if (opcode == 0x84) {
            out.rr(r.size(), r.size() == 1 ? 0xf6 : 0xf7, 0, first);
            immediate(r);
        } else if (r.size() == 1) {
            out.rr(1, 0x80, group, first);
            out.u8((int) r.immediate());
        } else {
            out.rr(r.size(), 0x81, group, first);
            immediate(r);
        }
    }

    private void immediate(FlagRecipe r) {
        switch (r.size()) {
            case 1 -> out.u8((int) r.immediate());
            case 2 -> {
                out.u8((int) r.immediate());
                out.u8((int) r.immediate() >>> 8);
            }
            default -> out.u32((int) r.immediate());
        }
    }

    /** The register's host register, or the scratch it has been loaded into. */
    private int operand(int guest, int scratch) {
        int host = HostRegister.of(guest);
        if (host == HostRegister.NONE) {
            out.load(8, scratch, HostRegister.STATE, StateLayout.gpr(guest));
            return scratch;
        }
        return host;
    }

    /** Stores kind, result and operands as {@link LazyFlags} has them. */
    private void toState(FlagRecipe r) {
        int size = r.size();
        int result = HostRegister.T0;
        int b = HostRegister.T1;
        int a = HostRegister.T2;
        int first = operand(r.first(), HostRegister.T0);
        switch (r.kind()) {
            case LOGIC -> out.signExtend(result, first, size);
            case TEST -> {
                out.move(8, result, first);
                extendedSecond(b, r);
                out.rr(8, 0x21, b, result);
                out.signExtend(result, result, size);
            }
            case COMPARE -> {
                out.signExtend(a, first, size);
                extendedSecond(b, r);
                out.move(8, result, a);
                out.rr(8, 0x29, b, result);
                out.signExtend(result, result, size);
            }
            case SUB -> {
                out.signExtend(result, first, size);
                extendedSecond(b, r);
                out.move(8, a, result);
                out.rr(8, 0x01, b, a);
                out.signExtend(a, a, size);
            }
            case ADD -> {
                out.signExtend(result, first, size);
                extendedSecond(b, r);
                out.move(8, a, result);
                out.rr(8, 0x29, b, a);
                out.signExtend(a, a, size);
            }
        }
        out.store(8, HostRegister.STATE, StateLayout.FLAGS_RESULT, result);
        int kind = switch (r.kind()) {
            case LOGIC, TEST -> LazyFlags.LOGIC;
            case COMPARE, SUB -> LazyFlags.SUB;
            case ADD -> LazyFlags.ADD;
        };
        if (kind != LazyFlags.LOGIC) {
            out.store(8, HostRegister.STATE, StateLayout.FLAGS_A, a);
            out.store(8, HostRegister.STATE, StateLayout.FLAGS_B, b);
        }
        out.storeImmediate(4, HostRegister.STATE, StateLayout.FLAGS_KIND, kind);
    }

    private void extendedSecond(int to, FlagRecipe r) {
        if (r.second() >= 0) {
            out.signExtend(to, operand(r.second(), to), r.size());
        } else {
            out.moveImmediate(to, r.immediate());
        }
    }
}
