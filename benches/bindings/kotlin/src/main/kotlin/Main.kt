package bench

import io.github.fidounlock.CancelHandle
import io.github.fidounlock.UniffiLib
import io.github.fidounlock.mockEcho
import io.github.fidounlock.mockExchange
import io.github.fidounlock.mockNothing
import io.github.fidounlock.uniffiCallbackInterfaceHidReports

/** Bare and generated take turns this often in a round; the median leaves the disturbed ones out. */
private const val SLICES = 41

/** One round of figures for each line on standard input: `name how value`, in nanoseconds, then `done`. */
fun main(arguments: Array<String>) {
    val calls = arguments[0].toInt()
    val unlocks = arguments[1].toInt()
    val report = ByteArray(64) { it.toByte() }
    val handle = CancelHandle()
    val bareHandle = Bare.newCancelHandle()
    val loop = Loop()
    val bench = Unlocks()
    while (readlnOrNull() != null) {
        pair("nothing", calls, { repeat(it) { Bare.nothing() } }, { repeat(it) { mockNothing() } })
        pair(
            "method", calls,
            { repeat(it) { check(!Bare.isCancelled(bareHandle)) } },
            { repeat(it) { check(!handle.isCancelled()) } },
        )
        pair(
            "echo", calls,
            { repeat(it) { check(Bare.echo(report).size == 64) } },
            { repeat(it) { check(mockEcho(report).size == 64) } },
        )
        pair(
            "report", calls,
            {
                BarePipe.register()
                BarePipe.target = loop
                check(Bare.exchange(BarePipe.HANDLE, it) == 64L * it)
            },
            {
                uniffiCallbackInterfaceHidReports.register(UniffiLib)
                check(mockExchange(loop, it.toUInt()) == 64uL * it.toUInt())
            },
        )
        bench.round(unlocks)
        println("done")
    }
}

private fun pair(name: String, calls: Int, bare: (Int) -> Unit, generated: (Int) -> Unit) {
    val times = List(2) { mutableListOf<Double>() }
    repeat(SLICES) {
        times[0] += time(calls, bare)
        times[1] += time(calls, generated)
    }
    show(name, "bare", median(times[0]))
    show(name, "generated", median(times[1]))
}

private fun time(calls: Int, work: (Int) -> Unit): Double {
    val begin = System.nanoTime()
    work(calls)
    return (System.nanoTime() - begin).toDouble() / calls
}

internal fun median(values: MutableList<Double>): Double {
    values.sort()
    return values[values.size / 2]
}

internal fun show(name: String, how: String, value: Double) = println("$name $how ${"%.1f".format(java.util.Locale.ROOT, value)}")
