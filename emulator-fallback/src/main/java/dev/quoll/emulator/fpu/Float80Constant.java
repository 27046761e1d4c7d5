package dev.quoll.emulator.fpu;

/**
 * The constants of FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2 and FLDZ. The x87 holds them with more than 64 bits and rounds by RC; loading
 * raises no exception (SDM vol. 2, FLD1).
 */
public enum Float80Constant {
    ONE(16383, 0x8000_0000_0000_0000L, 0),
    LOG2_TEN(16384, 0xD49A_784B_CD1B_8AFEL, 0x492B_F6FF_4DAF_DB4DL),
    LOG2_E(16383, 0xB8AA_3B29_5C17_F0BBL, 0xBE87_FED0_691D_3E89L),
    PI(16384, 0xC90F_DAA2_2168_C234L, 0xC4C6_628B_80DC_1CD1L),
    LOG10_TWO(16381, 0x9A20_9A84_FBCF_F798L, 0x8F89_59AC_0B7C_9178L),
    LN_TWO(16382, 0xB172_17F7_D1CF_79ABL, 0xC9E3_B398_03F2_F6AFL),
    ZERO(0, 0, 0);

    final int exponentField;
    final long high;
    /** The next 64 bits of the significand. */
    final long low;

    Float80Constant(int exponentField, long high, long low) {
        this.exponentField = exponentField;
        this.high = high;
        this.low = low;
    }

    /** The result is the constant rounded by the control word. */
    public void load(X87Operation op) {
        boolean up = RoundingControl.roundsUp(op.rounding(), false, (high & 1) != 0, low < 0, low << 1 != 0);
        op.result(exponentField, up ? high + 1 : high);
    }
}
