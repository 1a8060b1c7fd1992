/**
 * Functions whose last bit IEEE 754 leaves open, in f64. They are compiled into the module (the standard library's are
 * ports of musl), so that every engine and machine computes the same bits: everything else here is exact arithmetic.
 */

export function exp(x: f64): f64 {
  return NativeMath.exp(x);
}

export function log(x: f64): f64 {
  return NativeMath.log(x);
}

export function tanh(x: f64): f64 {
  return NativeMath.tanh(x);
}

export function cosine(x: f64): f64 {
  return NativeMath.cos(x);
}

/** 1 / (1 + e^-x) without overflow on either side. */
export function sigmoid(x: f64): f64 {
  if (x >= 0) return 1 / (1 + NativeMath.exp(-x));
  const power = NativeMath.exp(x);
  return power / (1 + power);
}

const ERX: f64 = 8.45062911510467529297e-1;
const EFX: f64 = 1.28379167095512586316e-1;

/** The error function, after fdlibm 5.3 `s_erf.c`: within one unit of the last place. */
export function erf(x: f64): f64 {
  if (x !== x) return x;
  const size = abs(x);
  if (size < 0.84375) {
    if (size < 3.7252902984e-9) return x + EFX * x;
    return x + x * nearZero(x * x);
  }
  const result = size < 1.25 ? ERX + nearOne(size - 1) : size < 6 ? 1 - tail(size) : 1;
  return x < 0 ? -result : result;
}

/** erf(x) / x - 1 by z = x². */
function nearZero(z: f64): f64 {
  const p =
    1.28379167095512558561e-1 +
    z *
      (-3.2504210724700149937e-1 +
        z * (-2.84817495755985104766e-2 + z * (-5.77027029648944159157e-3 + z * -2.37630166566501626084e-5)));
  const q =
    1 +
    z *
      (3.97917223959155352819e-1 +
        z *
          (6.50222499887672944485e-2 +
            z *
              (5.08130628187576562776e-3 + z * (1.32494738004321644526e-4 + z * -3.9602282787753681232e-6))));
  return p / q;
}

/** erf(1 + s) - ERX. */
function nearOne(s: f64): f64 {
  const p =
    -2.36211856075265944077e-3 +
    s *
      (4.14856118683748331666e-1 +
        s *
          (-3.72207876035701323847e-1 +
            s *
              (3.18346619901161753674e-1 +
                s *
                  (-1.10894694282396677476e-1 +
                    s * (3.54783043256182359371e-2 + s * -2.166375594868790843e-3)))));
  const q =
    1 +
    s *
      (1.06420880400844228286e-1 +
        s *
          (5.40397917702171048937e-1 +
            s *
              (7.18286544141962662868e-2 +
                s *
                  (1.26171219808761642112e-1 +
                    s * (1.36370839120290507362e-2 + s * 1.1984499846799107417e-2)))));
  return p / q;
}

/** 1 - erf(size) for sizes from 1.25. */
function tail(size: f64): f64 {
  const s = 1 / (size * size);
  const quotient = size < 1 / 0.35 ? nearTail(s) : farTail(s);
  // e^-(x²) in two factors, the first with few digits, so that squaring loses nothing
  const high = <f64>(<f32>size);
  return (
    (NativeMath.exp(-high * high - 0.5625) * NativeMath.exp((high - size) * (high + size) + quotient)) / size
  );
}

function nearTail(s: f64): f64 {
  const p =
    -9.86494403484714822705e-3 +
    s *
      (-6.93858572707181764372e-1 +
        s *
          (-1.05586262253232909814e1 +
            s *
              (-6.23753324503260060396e1 +
                s *
                  (-1.62396669462573470355e2 +
                    s *
                      (-1.84605092906711035994e2 +
                        s * (-8.12874355063065934246e1 + s * -9.81432934416914548592))))));
  const q =
    1 +
    s *
      (1.96512716674392571292e1 +
        s *
          (1.376577541435190426e2 +
            s *
              (4.34565877475229228821e2 +
                s *
                  (6.45387271733267880336e2 +
                    s *
                      (4.29008140027567833386e2 +
                        s *
                          (1.08635005541779435134e2 +
                            s * (6.57024977031928170135 + s * -6.04244152148580987438e-2)))))));
  return p / q;
}

function farTail(s: f64): f64 {
  const p =
    -9.86494292470009928597e-3 +
    s *
      (-7.99283237680523006574e-1 +
        s *
          (-1.77579549177547519889e1 +
            s *
              (-1.60636384855821916062e2 +
                s *
                  (-6.37566443368389627722e2 +
                    s * (-1.02509513161107724954e3 + s * -4.83519191608651397019e2)))));
  const q =
    1 +
    s *
      (3.03380607434824582924e1 +
        s *
          (3.25792512996573918826e2 +
            s *
              (1.53672958608443695994e3 +
                s *
                  (3.19985821950859553908e3 +
                    s *
                      (2.55305040643316442583e3 +
                        s * (4.74528541206955367215e2 + s * -2.24409524465858183362e1))))));
  return p / q;
}
