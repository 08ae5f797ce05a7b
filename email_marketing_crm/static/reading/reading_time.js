/* Says how long the page of a mail was visible, once in each band.

Outside src, so that it is part of no bundle: the page is the mail, with nothing else
of Odoo. */
(() => {
    const {token, bands} = document.currentScript.dataset;
    const limits = bands.split(",").map(Number);
    let visible = 0;
    let since = document.hidden ? null : performance.now();
    let reported = -1;

    function report() {
        if (since !== null) {
            visible += performance.now() - since;
            since = document.hidden ? null : performance.now();
        }
        const seconds = visible / 1000;
        const band = limits.filter((limit) => seconds >= limit).length;
        if (band > reported) {
            reported = band;
            const values = {token, seconds: seconds.toFixed(1)};
            navigator.sendBeacon("/marketing/reading", new URLSearchParams(values));
        }
    }

    document.addEventListener("visibilitychange", () => {
        if (document.hidden) {
            report();
        } else {
            since = performance.now();
        }
    });
    window.addEventListener("pagehide", report);
})();
