import fc from 'fast-check'

/**
 * Property tests draw the same inputs in every run, so that a run fails because of a change and not by chance. The weekly
 * job draws others: it sets the variable to a number of its own. A failed test prints the seed that it used.
 */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.FAST_CHECK_SEED ?? 1) })
