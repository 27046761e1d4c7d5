package dev.quoll.emulator.isa;

/// An operand of an opcode row: the letters of the opcode map, and the access.
///
/// @param notation as written in the table
/// @param method where it is encoded
/// @param size how large it is
/// @param number the register of a [Method#FIXED_GPR] or [Method#FIXED_SEGMENT] operand; 1 for a [Method#VSIB] operand whose
///     index register is half as long as the vector; else 0
/// @param access what the instruction does with it
public record OperandKind(String notation, Method method, Size size, int number, Access access) {

    /// Addressing methods (SDM vol. 2, A.2.1), with the fixed registers and constants.
    public enum Method {
        /// ModRM.rm: general register or memory.
        E,
        /// ModRM.reg: general register.
        G,
        /// ModRM.rm: memory only.
        M,
        /// ModRM.rm: general register only.
        R,
        /// VEX.vvvv: general register.
        B,
        /// Low three opcode bits: general register.
        Z,
        /// Immediate, zero-extended from 1 or 2 bytes, sign-extended from more.
        I,
        /// Byte immediate, sign-extended to the operand size.
        SIGNED_BYTE,
        /// Relative branch.
        J,
        /// Direct far pointer.
        A,
        /// Memory at an absolute offset.
        O,
        /// Memory at rSI.
        X,
        /// Memory at ES:rDI.
        Y,
        /// Memory at rBX + AL (XLAT).
        BX,
        /// ModRM.reg: segment register.
        S,
        /// ModRM.reg: control register.
        C,
        /// ModRM.reg: debug register.
        D,
        /// ModRM.reg: MMX register.
        P,
        /// ModRM.rm: MMX register or memory.
        Q,
        /// ModRM.rm: MMX register only.
        N,
        /// ModRM.reg: XMM or YMM register.
        V,
        /// ModRM.rm: XMM or YMM register, or memory.
        W,
        /// ModRM.rm: XMM or YMM register only.
        U,
        /// VEX.vvvv: XMM or YMM register.
        H,
        /// Immediate bits 7 to 4: XMM or YMM register.
        L,
        /// ModRM.rm: memory with a vector register as index.
        VSIB,
        /// ST(0).
        ST,
        /// ST(i), where i is ModRM.rm.
        ST_I,
        FIXED_GPR,
        FIXED_SEGMENT,
        /// XMM0.
        FIXED_XMM,
        /// The constant 1.
        ONE
    }

    /// Operand sizes (SDM vol. 2, A.2.2).
    public enum Size {
        /// None, or one the instruction does not name.
        NONE,
        B,
        W,
        D,
        Q,
        /// 16 bytes whatever VEX.L.
        DQ,
        /// 10 bytes.
        T,
        /// Operand size: 2, 4 or 8.
        V,
        /// 2 with a 16-bit operand size, else 4.
        Z,
        /// 8 with a 64-bit operand size, else 4.
        Y,
        /// Selector and offset of the operand size.
        P,
        /// Two of the operand size.
        A2,
        /// Vector length.
        X,
        /// Half of the vector length.
        HALF,
        /// A quarter of the vector length.
        QUARTER,
        /// An eighth of the vector length.
        EIGHTH,
        /// Operand size as a register, 2 bytes as memory.
        V_OR_W,
        /// 4 bytes as a register, 1 as memory.
        D_OR_B,
        /// 4 bytes as a register, 2 as memory.
        D_OR_W
    }

    /// Returns whether the operand is memory in some encodings.
    public boolean maybeMemory() {
        return switch (method) {
            case E, M, O, X, Y, BX, Q, W, VSIB -> true;
            default -> false;
        };
    }
}
