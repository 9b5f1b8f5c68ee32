#include "trainer/blas.h"

#include <gtest/gtest.h>

namespace accord::trainer {
namespace {

TEST(BlasTest, TellsDebiansAlternativesApart) {
  const auto detect = [](const std::string& path) {
    return DetectBlas(
        "7f00-7f01 r-xp 00000000 08:01 42 /usr/lib/x86_64-linux-gnu/libc.so.6\n"
        "7f02-7f03 r-xp 00000000 08:01 43 " +
        path + "\n");
  };
  EXPECT_EQ(detect("/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0"), Blas::kReference);
  EXPECT_EQ(detect("/usr/lib/x86_64-linux-gnu/openblas-openmp/libblas.so.3"), Blas::kOpenBlas);
  EXPECT_EQ(detect("/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblasp-r0.3.21.so"), Blas::kOpenBlas);
  EXPECT_EQ(detect("/usr/lib/x86_64-linux-gnu/blis-openmp/libblas.so.3"), Blas::kBlis);
  EXPECT_EQ(detect("/usr/lib/x86_64-linux-gnu/atlas/libblas.so.3"), Blas::kAtlas);
  EXPECT_EQ(detect("/opt/intel/mkl/libmkl_core.so.2"), Blas::kMkl);
  EXPECT_EQ(detect("/home/publisher/blas/tool"), Blas::kUnknown);
}

TEST(BlasTest, AFastOneBesideTheReferenceCounts) {
  EXPECT_EQ(DetectBlas("/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0\n"
                       "/usr/lib/x86_64-linux-gnu/openblas-openmp/libopenblaso-r0.3.21.so\n"),
            Blas::kOpenBlas);
}

TEST(BlasTest, ReadsTheMapsOfThisProcess) { EXPECT_NE(ReadMaps().find("libtorch_cpu"), std::string::npos); }

}  // namespace
}  // namespace accord::trainer
