from __future__ import annotations

import numpy as np
from scipy.integrate import quad
from scipy.special import erfcx, log_ndtr
from scipy.stats import norm

from fnnctl.search.samplers.gp.acquisition import FAR, log_h, log_improvement, log_improvement_with_gradient
from fnnctl.search.samplers.gp.fit import Parameters
from fnnctl.search.samplers.gp.process import Process

RNG = np.random.default_rng(0)
POINTS, OTHERS = RNG.random((20, 2)), RNG.random((10, 2))
PROCESS = Process(POINTS, np.sin(6 * POINTS).sum(axis=1), Parameters(np.array([9.0, 4.0]), 1.0, 1e-6))


class TestLogH:
    def test_near_0_and_above(self) -> None:
        z = np.linspace(-3, 40, 87)
        np.testing.assert_allclose(log_h(z)[0], np.log(norm.pdf(z) + z * norm.cdf(z)), rtol=1e-12, atol=1e-12)

    def test_below_0(self) -> None:
        """φ(z) + zΦ(z) = φ(z) (1 + √(π/2) z erfcx(−z/√2))."""
        z = -np.linspace(1, 60, 500)
        expected = norm.logpdf(z) + np.log1p(np.sqrt(np.pi / 2) * z * erfcx(-z / np.sqrt(2)))
        # the reference itself loses z² units in the last place
        np.testing.assert_allclose(log_h(z)[0], expected, rtol=1e-10)

    def test_very_far_below_0(self) -> None:
        """h is the integral of Φ, and about φ/z²."""
        z = np.array([-1e3, -1e5, -1e8])
        np.testing.assert_allclose(log_h(z)[0], norm.logpdf(z) - 2 * np.log(-z), rtol=1e-11)
        assert np.isfinite(log_h(z)[1]).all()

    def test_known_values(self) -> None:
        """From the integral of Φ, by quadrature, as a share of φ(z)."""
        for z in (-25.0, -19.0, -21.0, -5.0):
            share, _ = quad(
                lambda t, z=z: np.exp(log_ndtr(z - t) - norm.logpdf(z)), 0, 10, epsabs=0, epsrel=1e-12
            )
            np.testing.assert_allclose(log_h(np.array([z]))[0], norm.logpdf(z) + np.log(share), rtol=1e-12)

    def test_the_slope_agrees_with_central_differences(self) -> None:
        z = np.array([-500.0, -30.0, -19.0, -3.0, 0.0, 2.0, 9.0])
        step = 1e-5 * np.maximum(1.0, np.abs(z))
        numeric = (log_h(z + step)[0] - log_h(z - step)[0]) / (2 * step)
        np.testing.assert_allclose(log_h(z)[1], numeric, rtol=1e-6)

    def test_both_formulas_meet(self) -> None:
        z = np.array([np.nextafter(FAR, -np.inf), FAR])
        (below, above), (left, right) = log_h(z)
        np.testing.assert_allclose(below, above, rtol=1e-13)
        np.testing.assert_allclose(left, right, rtol=1e-10)

    def test_it_increases(self) -> None:
        value, slope = log_h(np.linspace(-60, 10, 5000))
        assert (np.diff(value) > 0).all()
        assert (slope > 0).all()


class TestImprovement:
    def test_it_is_the_expectation(self) -> None:
        mean, variance = (float(part[0]) for part in PROCESS.predict(OTHERS[:1]))
        best = mean + 0.1
        draws = mean + np.sqrt(variance) * np.random.default_rng(1).standard_normal(400_000)
        expected = np.maximum(best - draws, 0.0).mean()
        np.testing.assert_allclose(np.exp(log_improvement(PROCESS, OTHERS[:1], best)[0]), expected, rtol=0.01)

    def test_the_gradient_agrees_with_central_differences(self) -> None:
        for best in (-3.0, -1.0, 0.5):
            value, gradient = log_improvement_with_gradient(PROCESS, OTHERS, best)
            np.testing.assert_allclose(value, log_improvement(PROCESS, OTHERS, best), rtol=1e-7)
            for k, move in enumerate(np.eye(2) * 1e-6):
                up, down = (log_improvement(PROCESS, OTHERS + sign * move, best) for sign in (1, -1))
                np.testing.assert_allclose(gradient[:, k], (up - down) / 2e-6, rtol=1e-5, atol=1e-5)
