package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.SimpleOp;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Mnemonic;

/**
 * Decimal adjustments of legacy code: AAA, AAS, AAM, AAD, DAA, DAS. The flags that the manuals leave undefined are those
 * of the addition or subtraction by which AMD's processors (family 19h) adjust: of words in AAA and AAS, of bytes else.
 */
final class Decimal extends SimpleOp {
    private final Mnemonic mnemonic;
    private final int radix;

    /** @param radix immediate of AAM and AAD, 0 to 255; else unused */
    Decimal(Mnemonic mnemonic, int radix) {
        this.mnemonic = mnemonic;
        this.radix = radix;
    }

    @Override
    public void execute(Cpu cpu) {
        int al = cpu.get8(StateLayout.RAX) & 0xff;
        int ah = cpu.get8(StateLayout.RAX + 1) & 0xff;
        boolean adjustLow = (al & 15) > 9 || cpu.adjust();
        switch (mnemonic) {
            case AAA, AAS -> unpacked(cpu, (short) (ah << 8 | al), adjustLow);
            case AAM -> {
                if (radix == 0) {
                    throw cpu.divideError(this);
                }
                cpu.set8(StateLayout.RAX + 1, al / radix);
                cpu.set8(StateLayout.RAX, al % radix);
                cpu.flagsLogic((byte) (al % radix));
            }
            case AAD -> {
                byte tens = (byte) (ah * radix);
                byte result = (byte) (al + tens);
                cpu.set16(StateLayout.RAX, result & 0xff);
                cpu.flagsAdd(result, (byte) al, tens);
            }
            default -> packed(cpu, al, adjustLow);
        }
    }

    private void unpacked(Cpu cpu, short ax, boolean adjust) {
        int correction = !adjust ? 0 : mnemonic == Mnemonic.AAA ? 0x106 : -0x106;
        short result = (short) (ax + correction);
        cpu.set16(StateLayout.RAX, result & 0xff0f);
        cpu.flagsResult(
                result, (adjust ? Flags.AF | Flags.CF : 0) | (result != ax + correction ? Flags.OF : 0));
    }

    private void packed(Cpu cpu, int al, boolean adjustLow) {
        boolean subtract = mnemonic == Mnemonic.DAS;
        boolean carry = cpu.carry();
        boolean adjustHigh = al > 0x99 || carry;
        int result = al;
        boolean carryOut = false;
        if (adjustLow) {
            result += subtract ? -6 : 6;
            carryOut = carry || result < 0 || result > 0xff;
        }
        if (adjustHigh) {
            result += subtract ? -0x60 : 0x60;
            carryOut = true;
        } else if (!subtract) {
            carryOut = false;
        }
        cpu.set8(StateLayout.RAX, result);
        byte correction = (byte) (result - al);
        boolean overflow = (byte) result != (byte) al + (subtract ? -(byte) -correction : correction);
        cpu.flagsResult(
                (byte) result, (carryOut ? Flags.CF : 0) | (adjustLow ? Flags.AF : 0) | (overflow ? Flags.OF : 0));
    }
}
