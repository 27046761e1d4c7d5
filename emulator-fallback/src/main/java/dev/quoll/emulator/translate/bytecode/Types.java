package dev.quoll.emulator.translate.bytecode;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.CpuLoop;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.Region;
import dev.quoll.emulator.core.RegionCode;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/** Descriptors of what translated methods refer to. */
final class Types {
    static final ClassDesc CPU = of(CpuLoop.class);
    static final ClassDesc REGION = of(Region.class);
    static final ClassDesc ENTRY = of(RegionCode.Entry.class);
    static final ClassDesc OP = of(FallThrough.class);
    static final ClassDesc FORMULAS = of(FlagFormulas.class);
    static final ClassDesc LONG = ConstantDescs.CD_Long;
    static final ClassDesc INTEGER = ConstantDescs.CD_Integer;
    static final ClassDesc MATH = of(Math.class);

    /** {@link Region#enter}. */
    static final MethodTypeDesc ENTER = MethodTypeDesc.of(ConstantDescs.CD_void, CPU, ConstantDescs.CD_int);
    /** {@link Region#mustLeave}. */
    static final MethodTypeDesc MUST_LEAVE = MethodTypeDesc.of(ConstantDescs.CD_boolean, CPU);
    /** {@link FallThrough#execute}. */
    static final MethodTypeDesc EXECUTE = MethodTypeDesc.of(ConstantDescs.CD_void, of(Cpu.class));
    /** {@link RegionCode.Entry#run}. */
    static final MethodTypeDesc RUN = MethodTypeDesc.of(ConstantDescs.CD_int, CPU, REGION, ConstantDescs.CD_int);

    private Types() {}

    private static ClassDesc of(Class<?> type) {
        return type.describeConstable().orElseThrow();
    }

    /** A method's type by its parameters' and result's letters: J for long, I for int, Z for boolean, V for nothing. */
    static MethodTypeDesc method(String letters) {
        int last = letters.length() - 1;
        return MethodTypeDesc.ofDescriptor("(" + letters.substring(0, last) + ")" + letters.charAt(last));
    }
}
